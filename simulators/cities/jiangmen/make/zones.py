"""zones.geojson, exposure/population.csv: districts simplified as one coverage, townships as
Voronoi cells of their points clipped to the district (schematic), people per H3 cell."""

import json
import math

import h3
import shapely
from shapely.geometry import MultiPoint, MultiPolygon, Polygon, mapping, shape
from shapely.ops import unary_union, voronoi_diagram

import place

SIMPLIFY_DEG = 0.0025
GRID_DEG = 1e-5
RESOLUTION = 7


def whole(geometry):
    """Only the polygons of a geometry, on the grid of five decimals."""
    geometry = shapely.set_precision(geometry, GRID_DEG)
    parts = [g for g in getattr(geometry, "geoms", [geometry]) if isinstance(g, Polygon)]
    parts = [g for g in parts if g.area > 2e-6] or parts
    parts.sort(key=lambda g: (-g.area, g.bounds))
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def districts():
    """Code -> outline, neighbours sharing their edges."""
    with open(place.SOURCES / "districts.geojson", encoding="utf-8") as source:
        features = json.load(source)["features"]
    simple = shapely.coverage_simplify([shape(f["geometry"]) for f in features], SIMPLIFY_DEG)
    return {f["id"]: whole(g) for f, g in zip(features, simple)}


def townships(outlines):
    """Code -> outline: Voronoi cells of the district's own points, clipped to it."""
    made = {}
    for district, outline in sorted(outlines.items()):
        seeds = []
        for code, (_, _, points) in place.township_points().items():
            if code.startswith(district):
                seeds += [(p, code) for p in points]
        cells = voronoi_diagram(MultiPoint([p for p, _ in seeds]), envelope=outline.buffer(1.0))
        parts = {}
        for cell in cells.geoms:
            point, code = min(seeds, key=lambda s: cell.centroid.distance(shapely.Point(s[0]))
                              if cell.covers(shapely.Point(s[0])) else math.inf)
            parts.setdefault(code, []).append(cell.intersection(outline))
        for code, pieces in sorted(parts.items()):
            made[code] = whole(unary_union(pieces))
    return made


def feature(code, name, name_en, kind, parent, outline, **more):
    """One feature with its coordinates cut to five decimals."""
    geometry = mapping(outline)

    def cut(c):
        return [round(c[0], 5), round(c[1], 5)] if isinstance(c[0], float) else [cut(x) for x in c]

    properties = {"id": code, "name": name, "name_en": name_en, "kind": kind}
    if parent:
        properties["parent"] = parent
    properties.update(more)
    geometry = {"type": geometry["type"], "coordinates": cut(geometry["coordinates"])}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collect():
    """(features, district outlines, township outlines)."""
    outlines = districts()
    cells = townships(outlines)
    city = whole(unary_union(list(outlines.values())).buffer(1e-4).buffer(-1e-4))
    features = [feature("4407", "江门市", "Jiangmen", "city", None, city)]
    for code, (name, name_en, _) in place.DISTRICTS.items():
        features.append(feature(code, name, name_en, "district", "4407", outlines[code]))
    for code, (name, name_en, _) in place.township_points().items():
        features.append(feature(code, name, name_en, "township", code[:6], cells[code]))
    return features, outlines, cells


def population(cells):
    """Rows of exposure: the census figure of a district over its townships by weight, and
    within a township over its H3 cells, denser near its point."""
    names = place.township_points()
    rows = []
    for district, (_, _, people) in place.DISTRICTS.items():
        codes = [c for c in sorted(cells) if c.startswith(district)]
        weight = {c: place.SEATS.get(c, 1.0) * (cells[c].area * 1e4) ** 0.35 for c in codes}
        for code in codes:
            share = people * weight[code] / sum(weight.values())
            rows += township_people(code, names[code], cells[code], share)
    return rows


def township_people(code, named, outline, people):
    """One township's rows: `lon,lat,kind,name,people,vulnerability`."""
    found = set()
    for part in getattr(outline, "geoms", [outline]):
        ring = [(y, x) for x, y in part.exterior.coords]
        found |= set(h3.polygon_to_cells(h3.LatLngPoly(ring), RESOLUTION))
    lon, lat = named[2][0]
    if not found:
        found = {h3.latlng_to_cell(lat, lon, RESOLUTION)}
    weight = {}
    for cell in sorted(found):
        y, x = h3.cell_to_latlng(cell)
        km = math.hypot((x - lon) * 102.8, (y - lat) * 111.2)
        weight[cell] = math.exp(-km / 3.0) + 0.03
    total = sum(weight.values())
    seat = place.SEATS.get(code, 1.0)
    vulnerability = 0.35 if seat >= 3 else 0.45 if seat > 1 else 0.55
    rows = []
    for cell in sorted(weight):
        y, x = h3.cell_to_latlng(cell)
        rows.append((f"{x:.5f}", f"{y:.5f}", "population", named[0],
                     round(people * weight[cell] / total), vulnerability))
    return rows


def rivers():
    """rivers.geojson: schematic lines."""
    made = []
    for code, name, name_en, _, line in place.RIVERS:
        made.append({"type": "Feature",
                     "properties": {"id": code, "name": name, "name_en": name_en,
                                    "kind": "river", "schematic": True},
                     "geometry": {"type": "LineString", "coordinates": [list(p) for p in line]}})
    return {"type": "FeatureCollection", "features": made}
