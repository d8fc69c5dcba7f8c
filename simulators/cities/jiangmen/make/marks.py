"""hazards/*.toml whose thresholds belong to single stations."""

REAL_SOURCE = "江门市水文局通告 2022-06-23（警戒水位；基面通告未写明，按测站自身基面 local）"
OWN = "city policy"

HEAD = """# {title}
# Made by make/make.py. Every number but the three real warning stages is invented (虚构).
hazard = "{hazard}"
{name}source = "{source}"
step_s = {step}
lateness_s = {lateness}
raise_hold_s = {raise_hold}
clear_hold_s = {clear_hold}
clear_margin = {margin}
spread = "own"
reach_m = {reach}
"""


def threshold(level, value, station, mark, source, note="", **more):
    """One [[threshold]] table."""
    lines = ["", "[[threshold]]" + (f" # {note}" if note else ""), f'level = "{level}"',
             f"at_least = {value}", f'station = "{station}"']
    if mark:
        lines.append(f'mark = "{mark}"')
    lines += [f'{k} = "{v}"' for k, v in more.items()]
    lines.append(f'source = "{source}"')
    return "\n".join(lines) + "\n"


def stages(rivers, tidal):
    """River stages: near warning, warning 警戒, guarantee 保证, record 历史最高."""
    made = []
    for code, name, warning, guarantee, record, is_tidal, datum in rivers:
        if is_tidal != tidal:
            continue
        real = datum == "local"
        source = REAL_SOURCE if real else f"{OWN} (虚构)"
        more = {"property": "water_level", "datum": datum}
        made.append(threshold("blue", round(warning - 0.2, 2), code, "near_warning", OWN, name, **more))
        made.append(threshold("yellow", f"{warning:.2f}", code, "warning", source, **more))
        if guarantee is not None:
            made.append(threshold("orange", guarantee, code, "guarantee", source, **more))
            made.append(threshold("red", record, code, "record", source, **more))
    return "".join(made)


def river_stage(rivers):
    """hazards/river_stage.toml."""
    head = HEAD.format(title="河道水位:接近警戒、超警戒、超保证、超历史最高;另加涨率",
                       hazard="river_stage", name="", step=300, lateness=900, raise_hold=0,
                       clear_hold=1800, margin=0.05, reach=3000,
                       source="水情预警发布管理办法（试行）2013 的四级口径；各站数值见每条")
    rate = "\n".join(["", "[[threshold]]", 'level = "blue"', "at_least = 1.0",
                      'property = "water_level"', "window_h = 1", "rate_per_h = true",
                      'mark = "rate_of_rise"', f'source = "{OWN}"', ""])
    return head + stages(rivers, False) + rate


def tidal_river_stage(rivers):
    """hazards/tidal_river_stage.toml: judged by high waters."""
    head = HEAD.format(title="感潮河段水位:按高潮位判断,退潮不解除", hazard="tidal_stage",
                       name='name = "tidal_river_stage"\n', step=300, lateness=900, raise_hold=0,
                       clear_hold=1800, margin=0.05, reach=3000,
                       source="水情预警发布管理办法（试行）2013 的四级口径；各站数值见每条")
    return head + stages(rivers, True)


def tidal_stage(tides):
    """hazards/tidal_stage.toml: four colours of 警戒潮位 per coast station."""
    head = HEAD.format(title="沿海潮位:四色警戒潮位,按高潮位判断", hazard="tidal_stage", name="",
                       step=300, lateness=900, raise_hold=0, clear_hold=1800, margin=0.05,
                       reach=6000, source="GB/T 17839 警戒潮位核定规范的四色口径；数值虚构")
    body = []
    for code, name, blue in tides:
        for i, level in enumerate(["blue", "yellow", "orange", "red"]):
            body.append(threshold(level, round(blue + 0.3 * i, 2), code, f"tide_{level}",
                                  f"{OWN} (虚构)", name if i == 0 else "",
                                  property="tide_level", datum="pearl_river"))
    return head + "".join(body)


def reservoir_stage(reservoirs):
    """hazards/reservoir_stage.toml: 汛限 is an operating limit, the danger marks are above it."""
    head = HEAD.format(title="水库水位:超汛限(调度限制)、设计洪水位、校核洪水位、坝顶",
                       hazard="reservoir_stage", name="", step=300, lateness=900, raise_hold=300,
                       clear_hold=3600, margin=0.02, reach=3000,
                       source="水库大坝特征水位；数值虚构")
    body = []
    for code, name, limit, design, check, crest in reservoirs:
        rows = [("blue", limit, "flood_limit"), ("yellow", design, "design_flood"),
                ("orange", check, "check_flood"), ("red", crest, "crest")]
        for i, (level, value, mark) in enumerate(rows):
            body.append(threshold(level, value, code, mark, f"{OWN} (虚构)",
                                  name if i == 0 else "", property="water_level", datum="1985"))
    return head + "".join(body)


def discharge(discharges):
    """hazards/discharge.toml."""
    head = HEAD.format(title="流量:城市自定阈值(虚构)", hazard="discharge", name="", step=300,
                       lateness=900, raise_hold=0, clear_hold=1800, margin=0, reach=0, source=OWN)
    body = []
    for code, name, yellow in discharges:
        for level, factor in [("yellow", 1.0), ("orange", 1.35), ("red", 1.8)]:
            body.append(threshold(level, round(yellow * factor), code, "", f"{OWN} (虚构)",
                                  name if factor == 1.0 else "", property="discharge"))
    return head + "".join(body)
