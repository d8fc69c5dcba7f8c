"""Makes the generated files of the Jiangmen city pack, the same bytes at every run.

    python3 -m venv .venv && .venv/bin/pip install shapely==2.2.0 h3==4.5.0
    .venv/bin/python make.py            # writes into the folder above this one

Written by hand and not touched here: city.toml, agencies.toml, roster.toml, plans/, NOTICE.md,
hazards/{rainfall,gale,ponding,hospital_load}.toml, alternatives/.
"""

import csv
import json
import random

from shapely.geometry import shape

import facilities
import instruments
import marks
import place
import zones

SEED = 20260911
OUT = place.HERE.parent


def table(path, header, rows):
    """Writes a CSV file."""
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    print(f"{path.relative_to(OUT)}: {len(rows)} rows")


def geojson(path, features):
    """Writes a feature collection, one feature a line."""
    lines = [json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"{path.relative_to(OUT)}: {len(features)} features, {len(text.encode())} bytes")


def main():
    """Everything, in a fixed order, from one seed."""
    print(f"seed {SEED}")
    features, _, cells = zones.collect()
    names = place.township_points()
    made = instruments.Instruments(random.Random(SEED), cells, names)
    instruments.rain(made)
    instruments.river(made)
    instruments.reservoir(made)
    instruments.sea(made, shape(features[0]["geometry"]))
    instruments.ponding(made)
    hospitals = facilities.hospitals(made)
    geojson(OUT / "zones.geojson", features)
    geojson(OUT / "map" / "rivers.geojson", zones.rivers()["features"])
    table(OUT / "stations.csv",
          "id,name,name_en,agency,lon,lat,datum,datum_offset_m,valid_from", made.stations)
    table(OUT / "datastreams.csv",
          "station,property,interval_s,min,max,max_rate_per_h,flat_after_s,valid_from", made.streams)
    table(OUT / "hospitals.csv", "id,name,name_en,agency,lon,lat,beds,icu_beds", hospitals)
    table(OUT / "units.csv", "id,name,name_en,kind,agency,lon,lat,people", facilities.units(made))
    table(OUT / "shelters.csv", "id,name,name_en,lon,lat,capacity", facilities.shelters(made))
    exposed = "lon,lat,kind,name,people,vulnerability"
    table(OUT / "exposure" / "population.csv", exposed, zones.population(cells))
    table(OUT / "exposure" / "facilities.csv", exposed, facilities.exposure(made))
    (OUT / "hazards").mkdir(exist_ok=True)
    for name, text in [("river_stage", marks.river_stage(made.rivers)),
                       ("tidal_river_stage", marks.tidal_river_stage(made.rivers)),
                       ("tidal_stage", marks.tidal_stage(made.tides)),
                       ("reservoir_stage", marks.reservoir_stage(made.reservoirs)),
                       ("discharge", marks.discharge(made.discharges))]:
        (OUT / "hazards" / f"{name}.toml").write_text(text, encoding="utf-8")
        print(f"hazards/{name}.toml: {text.count('[[threshold]]')} thresholds")


if __name__ == "__main__":
    main()
