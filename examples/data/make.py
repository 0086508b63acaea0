"""Makes the files of this folder, always the same ones: `python3 examples/data/make.py`. Needs nothing but Python.

gauges.csv    hourly readings of three river gauges over two days, made up, with gaps as real ones have
gauges.png    the levels as a chart, 320 x 160 pixels
station.json  one station as a dictionary, with an integer that a double cannot hold
"""

import math
import struct
import zlib
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
STATIONS = [("Altmühl", 1.42, 0.21), ("Naab", 2.07, 0.35), ("Regen", 0.93, 0.18)]
COLORS = [(31, 119, 180), (214, 90, 49), (46, 139, 87)]
HOURS = 48
WIDTH, HEIGHT = 320, 160


def noise(seed):
    """A fraction from 0 to 1 that looks random and is the same on every machine."""
    return (seed * 2654435761 % 4294967296) / 4294967296


def level(station, hour):
    """Metres: a slow wave, a flood on the second day, and a little noise."""
    _, base, swing = STATIONS[station]
    flood = math.exp(-(((hour - 31 - 3 * station) / 6) ** 2))
    wave = 0.05 * math.sin(hour / 24 * 2 * math.pi + station)
    return base + wave + swing * 3 * flood + 0.02 * noise(100 * station + hour)


def table():
    lines = ["time,station,level_m,flow_m3s,water_c,warning"]
    start = datetime(2026, 3, 12, 0, 0, 0)
    for hour in range(HOURS):
        for station, (name, base, _) in enumerate(STATIONS):
            metres = level(station, hour)
            flow = round(18 * metres**1.7)
            gap = noise(7 * hour + station) > 0.96
            water = "" if gap else f"{6.5 + 1.2 * math.sin((hour - 9) / 24 * 2 * math.pi) + 0.3 * station:.1f}"
            time = (start + timedelta(hours=hour)).isoformat()
            lines.append(f"{time},{name},{metres:.3f},{flow},{water},{str(metres > base + 0.5).lower()}")
    return "\n".join(lines) + "\n"


def chart():
    rows = [[(250, 250, 247)] * WIDTH for _ in range(HEIGHT)]
    for y in range(10, HEIGHT, 28):
        rows[y] = [(222, 222, 216)] * WIDTH

    def height(station, x):
        return round(HEIGHT - 12 - level(station, x / WIDTH * (HOURS - 1)) / 3.4 * (HEIGHT - 24))

    for station, color in enumerate(COLORS):
        for x in range(1, WIDTH):
            low, high = sorted((height(station, x - 1), height(station, x)))
            for y in range(low, high + 2):
                rows[y][x] = color
    raw = b"".join(b"\0" + bytes(channel for pixel in row for channel in pixel) for row in rows)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


STATION = """{
  "station": "Naab",
  "serial": 9007199254740993,
  "position": {"latitude": 49.0134, "longitude": 12.0231},
  "zero_point_m": 329.58,
  "operators": ["Gewässerkundlicher Dienst", "水文 🌊"],
  "alarm": {"levels_m": [2.6, 3.1, 3.5], "muted": false, "contact": null}
}
"""

if __name__ == "__main__":
    (HERE / "gauges.csv").write_bytes(table().encode())
    (HERE / "gauges.png").write_bytes(chart())
    (HERE / "station.json").write_bytes(STATION.encode())
