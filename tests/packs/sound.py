"""A small sector without a fault, with every file the guide's example does not have; edits of it are the table of mistakes."""

FILES = {
    "sector": """\
code: works
version: 1
title: {vi: Công trình, en: Works}
summary: {vi: Công trình, en: Works}
icon: hard-hat
headline: [pump-power]
""",
    "observed_properties": """\
properties:
  - code: pump-power
    name: {vi: Công suất bơm, en: Pump power}
    definition: urn:dothi:property:pump-power
    unit: {ucum: kW, symbol: kW}
    decimals: 1
    state: {stale_minutes: 30}
  - code: canal-stage
    name: {vi: Mực nước kênh, en: Canal stage}
    definition: urn:dothi:property:canal-stage
    unit: {ucum: m, symbol: m}
    decimals: 2
    state:
      stale_minutes: 60
      levels:
        - {code: bd1, name: {vi: I, en: I}, state: minor, advice: {vi: a, en: a}}
""",
    "datasets": """\
datasets:
  - code: pumps
    title: {vi: Máy bơm, en: Pumps}
    description: {vi: Máy bơm, en: Pumps}
    geometry_type: Point
    key_field: code
    schema: &named
      type: object
      required: [code]
      properties:
        code: {type: string, title: Mã, x-role: key}
        name: {type: string, title: Tên, x-role: name}
  - code: canals
    title: {vi: Kênh, en: Canals}
    description: {vi: Kênh, en: Canals}
    geometry_type: LineString
    key_field: code
    schema: *named
  - code: pump-near
    title: {vi: Bơm gần nhất, en: Nearest pump}
    description: {vi: Bơm gần nhất, en: Nearest pump}
    geometry_type: Point
    key_field: code
    schema:
      type: object
      properties:
        code: {type: string, title: Mã}
        metres: {type: number, title: Mét}
""",
    "cases": """\
types:
  - code: report
    title: {vi: Phản ánh, en: Report}
    prefix: PA
    reported: true
    start: received
    states:
      - {code: received, title: {vi: Đã nhận, en: Received}, phase: new}
      - {code: working, title: {vi: Đang làm, en: Working}, phase: open}
      - {code: done, title: {vi: Xong, en: Done}, phase: done}
    transitions:
      - {code: take, title: {vi: Nhận, en: Take}, from: [received], to: working, who: [handle]}
      - {code: finish, title: {vi: Xong, en: Finish}, from: [working], to: done, who: [handle], needs: [text]}
    timers:
      - {code: resolve, title: {vi: Hạn, en: Due}, runs: [received, working], ends: [done], budget: {working_days: 3}, main: true}
categories:
  - code: pump-noise
    type: report
    title: {vi: Bơm ồn, en: Noisy pump}
    questions:
      type: object
      properties:
        when: {type: string, title: Khi nào?, x-en: When?}
    timers: {resolve: {working_days: 5}}
    datasets: [pumps]
""",
    "tasking": """\
kinds:
  - code: pump
    title: {vi: Máy bơm, en: Pump}
    parameters:
      - {name: level, type: Quantity, label: {vi: Mức, en: Level}, unit: {ucum: "%", symbol: "%"}, interval: [0, 100]}
    read_back: {property: pump-power, holds: "value > 0.1", seconds: 60}
    timeout: 1m
    interlocks:
      - code: wet
        title: {vi: Kênh có nước, en: There is water}
        inputs: {stage: {property: canal-stage, of: nearest}}
        formula: stage > 0.2
        source: Own choice
""",
    "analyses": """\
analyses:
  - code: nearest-pump
    title: {vi: Bơm gần nhất, en: Nearest pump}
    method: near
    source: Dijkstra 1959
    certainty: verified
    inputs:
      records: {dataset: pumps, fields: {name: name}}
      facilities: {dataset: pumps, where: "name <> 'x'"}
    parameters: {limit: 300}
    result: pump-near
    every: 1d
    limits: {vi: Chỉ đo đường chim bay., en: Straight lines only.}
""",
    "feeds": """\
feeds:
  - {code: boats, title: {vi: Đò, en: Boats}, kind: gtfs, parts: [timetable], every: 24h}
  - {code: boats-now, title: {vi: Đò đang đi, en: Boats now}, kind: gtfs-rt, of: boats, parts: [positions], every: 30s}
""",
    "warnings": """\
templates:
  - code: high-canal
    title: {vi: Kênh dâng, en: Canal rising}
    event: {vi: Nước dâng, en: High water}
    category: [Met]
    urgency: Expected
    severity: Moderate
    certainty: Likely
    hours: 6
    headline: {vi: "Kênh dâng {how}", en: "Canal rising {how}"}
    description: {vi: "Nước ở {areas}.", en: "Water in {areas}."}
    instruction: {vi: Tránh xa., en: Keep away.}
    slots: [{code: how, title: {vi: thế nào, en: how}}]
    properties: [canal-stage]
""",
}

CITY = """\
city: thu
version: "1"
name: {vi: Thành phố Thử, en: Test Town}
centre: [106.41, 10.54]
inputs:
  limit: {type: number, title: {vi: Ngưỡng, en: Limit}, default: 5}
places:
  base: base.geojson
  wards: wards.geojson
  areas:
    - {code: thu, name: {vi: Thử, en: Test}, units: ["99901"], valid_from: 2025-07-01}
agencies:
  - {code: so-a, name: {vi: Sở A, en: Department A}}
sectors:
  water: {stale_minutes: {water-level: "${limit}"}}
cases:
  offices:
    - {type: report, agency: so-a, wards: ["99901"]}
"""
CITY_SECTOR = """\
models:
  - {code: meter, name: Máy đo, description: {vi: Máy đo, en: Gauge}}
sensors:
  - code: AQ-{n:02}
    name: {vi: "Bụi {n:02}", en: "Dust {n:02}"}
    agency: so-a
    model: meter
    at: {along: [{name: Hùng Vương, every: 300}], points: [{lon: 106.41, lat: 10.54}]}
    datastreams: [{property: pm25, every_seconds: 60}]
"""
