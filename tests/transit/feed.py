"""A small network to try things on: one line both ways, a night trip, a trip by frequency, a station with two platforms."""

import io
import zipfile

FILES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,Bến xe thử,http://x.vn,Asia/Ho_Chi_Minh\n",
    "stops.txt": (
        "\ufeffstop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,zone_id\n"
        "G,Ga trung tâm,10.5300,106.4100,1,,\nS1,Ga trung tâm,10.5300,106.4100,0,G,\n"
        "S2,Chợ Đình,10.5340,106.4100,0,,\nS3,Bệnh viện,10.5380,106.4100,0,,\n"
    ),
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\nR1,A,01,Ga – Bệnh viện,3,1D4A86\n",
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "HN,1,1,1,1,1,1,1,20260101,20261231\n"
    ),
    "calendar_dates.txt": "service_id,date,exception_type\nHN,20260902,2\nLE,20260902,1\n",
    "trips.txt": (
        "route_id,service_id,trip_id,trip_headsign,direction_id\nR1,HN,T7,Bệnh viện,0\nR1,HN,DEM,Bệnh viện,0\n"
        "R1,HN,F,Bệnh viện,0\nR1,LE,TET,Bệnh viện,0\n"
    ),
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs,exact_times\nF,10:00:00,11:00:00,1200,0\n",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "T7,07:00:00,07:00:00,S1,1\nT7,,,S2,2\nT7,07:10:00,07:10:00,S3,3\n"
        "DEM,24:10:00,24:10:00,S1,1\nDEM,24:15:00,24:15:00,S2,2\nDEM,24:20:00,24:20:00,S3,3\n"
        "F,00:00:00,00:00:00,S1,1\nF,00:05:00,00:05:00,S2,2\nF,00:10:00,00:10:00,S3,3\n"
        "TET,08:00:00,08:00:00,S1,1\nTET,08:10:00,08:10:00,S3,2\n"
    ),
}


def zipped(**changes) -> bytes:
    """The network as a zip. changes: files by their names without .txt; None leaves one out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in (FILES | {f"{key}.txt": value for key, value in changes.items()}).items():
            if text is not None:
                archive.writestr(zipfile.ZipInfo(name), text)  # the same bytes every time
    return out.getvalue()


def message(at: int, *, vehicles=(), updates=(), alert=None) -> bytes:
    """A GTFS-Realtime message at a second since 1970. vehicles: (trip, day, sequence, standing, lat); updates: (trip, day, {sequence: delay})."""
    from google.transit import gtfs_realtime_pb2 as pb

    made = pb.FeedMessage()
    made.header.gtfs_realtime_version, made.header.timestamp = "2.0", at
    for trip, day, sequence, standing, lat in vehicles:
        one = made.entity.add(id=f"v-{trip}").vehicle
        one.trip.trip_id, one.trip.start_date, one.vehicle.id = trip, day, f"xe-{trip}"
        one.position.latitude, one.position.longitude, one.timestamp = lat, 106.41, at
        if sequence:
            one.current_stop_sequence, one.current_status = sequence, 1 if standing else 2
    for trip, day, delays in updates:
        one = made.entity.add(id=f"u-{trip}").trip_update
        one.trip.trip_id, one.trip.start_date = trip, day
        if delays is None:
            one.trip.schedule_relationship = 3
        for sequence, delay in (delays or {}).items():
            stop = one.stop_time_update.add(stop_sequence=sequence)
            if delay is None:
                stop.schedule_relationship = 1
            else:
                stop.departure.delay = delay
    if alert:
        made.entity.add(id="a").alert.header_text.translation.add(text=alert, language="vi")
    return made.SerializeToString()
