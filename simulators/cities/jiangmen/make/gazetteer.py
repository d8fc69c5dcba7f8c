"""Makes gazetteer.csv: the names by which people of Jiangmen say where something is.

    python3 gazetteer.py                # needs nothing but Python

Townships and villages are the official names and codes; a township has the point of GeoNames where
it has one, a village has none of its own and stands for its township. Roads are a few that have one
name in the whole city; each has one point on or near it, set by hand: schematic, to be verified.
"""

import csv

import place

OUT = place.HERE.parent / "gazetteer.csv"

# name, lon, lat, zone, other names. Schematic: a point about the middle of the road.
ROADS = [
    ("江门大道", 113.050, 22.560, "4407", "江门大道中;江门大道南;江门大道北"),
    ("迎宾大道", 113.060, 22.605, "440703", "迎宾大道西;迎宾大道中"),
    ("五邑路", 113.105, 22.580, "440704", ""),
    ("启超大道", 113.045, 22.510, "440705", ""),
    ("冈州大道", 113.030, 22.520, "440705", "冈州大道东;冈州大道中;冈州大道西"),
    ("会港大道", 113.060, 22.475, "440705", ""),
    ("银湖大道", 113.080, 22.440, "440705", "银湖大道东;银湖大道西"),
    ("新台高速", 112.840, 22.290, "4407", "新台高速公路"),
]


def rows(name):
    """A source's rows."""
    with open(place.SOURCES / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def points():
    """Township code -> point. The first point of a township stands for it."""
    found = {}
    for row in rows("township_points.csv"):
        code = row["street_code"] or place.POINTS_BY_HAND.get(row["geonameid"], "")
        if code:
            found.setdefault(code, (row["lon"], row["lat"]))
    return found


def main():
    """Townships, villages, roads, in this order."""
    at = points()
    table = []
    for row in rows("townships.csv"):
        lon, lat = at.get(row["code"], ("", ""))
        table.append((row["name"], "township", lon, lat, row["code"], ""))
    for row in rows("villages.csv"):
        table.append((row["name"], "village", "", "", row["code"], ""))
    for name, lon, lat, zone, aliases in ROADS:
        table.append((name, "road", f"{lon:.3f}", f"{lat:.3f}", zone, aliases))
    with open(OUT, "w", encoding="utf-8", newline="") as file:
        file.write("# Townships and villages: china-division 2.7.0 (WTFPL). Points: GeoNames (CC BY 4.0).\n")
        file.write("# Roads are schematic: one point set by hand for each. See NOTICE.md.\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "kind", "lon", "lat", "zone", "aliases"))
        writer.writerows(table)
    print(f"{OUT.name}: {len(table)} rows")


if __name__ == "__main__":
    main()
