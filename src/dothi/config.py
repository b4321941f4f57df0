"""Settings: every one is an environment variable DOTHI_<NAME>, documented in docs/guide/settings.md."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation may set; the defaults run embedded, with nothing else installed."""

    model_config = SettingsConfigDict(env_prefix="DOTHI_", env_file=".env", extra="ignore")

    data: Path = Field(Path("dothi-data"), description="Folder for everything dothi keeps itself")
    sectors: Path | None = Field(None, description="Folder of sectors of one's own, beside those dothi ships")
    database_url: str | None = Field(
        None, description="postgresql://… for PostgreSQL; unset: SQLite in the data folder"
    )
    mqtt_url: str | None = Field(None, description="mqtt://user:pass@host:1883 of a broker; unset: the embedded one")
    mqtt_host: str = Field("127.0.0.1", description="Address the embedded broker listens on")
    mqtt_port: int = Field(1883, description="Port of the embedded broker")
    mqtt_publish: Literal["all", "datastream", "off"] = Field(
        "all", description="Which SensorThings topics are published for new observations and changes"
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on")
    port: int = Field(8000, description="Port of the web server")
    role: Literal["all", "web", "worker", "broker", "back"] = Field(
        "all",
        description="What a process does: web pages and interfaces, scheduled work, MQTT; back: worker and broker",
    )
    public_url: str | None = Field(None, description="Base URL citizens use, when a proxy stands in front")
    cap_sender: str | None = Field(
        None, description="Who our warnings are from, as CAP says it; unset: canh-bao@ and the host of public_url"
    )
    secret: str | None = Field(None, description="Signs cookies and links; unset: made once in the data folder")
    language: Literal["vi", "en"] = Field("vi", description="Language where the caller asks for none")
    open_writes: bool = Field(False, description="Test benches only: anonymous callers may write")
    default_sharing: Literal["restricted", "shared", "open"] = Field(
        "restricted", description="Sharing level of a thing created without one"
    )
    max_connections: int = Field(5000, description="Connections of one web process; more are told to come back (503)")
    session_hours: int = Field(12, description="Hours a person stays signed in")
    requests_per_minute: int = Field(
        0, description="Most requests a minute of one anonymous address or one signed-in caller; 0: no limit"
    )
    demo: bool = Field(False, description="Demo mode: one click signs in as any role")
    max_body: int = Field(32 * 1024 * 1024, description="Largest request body, bytes")
    max_batch: int = Field(1000, description="Most requests in one $batch")
    body_seconds: float = Field(20, description="Longest pause within a request body before the caller is refused")
    max_answer: int = Field(
        64 * 1024 * 1024, description="Largest answer with expanded entities, or of a $batch, bytes"
    )
    max_expand: int = Field(5, description="Deepest $expand")
    max_top: int = Field(10_000, description="Largest $top, and most rows of one page")
    default_top: int = Field(100, description="Rows of a page when $top is not given")
    max_words: int = Field(600, description="Longest $filter, in words")
    max_filter: int = Field(256 * 1024, description="Longest CQL2 filter, characters")
    max_filter_depth: int = Field(32, description="Deepest nesting of a CQL2 filter")
    max_filter_parts: int = Field(2000, description="Most operators and values of a CQL2 filter, coordinates apart")
    tile_features: int = Field(5000, description="Most features of a vector tile; more are gathered and counted")
    tile_cache: int = Field(64 * 1024 * 1024, description="Ready vector tiles a web process keeps, bytes")
    query_seconds: int = Field(30, description="Seconds a query of the SensorThings interface may take")
    queue_rows: int = Field(200_000, description="Observations waiting for a commit before callers are told to wait")
    batch_rows: int = Field(20_000, description="Most observations of one commit")
    harvest_private: bool = Field(False, description="Other portals may be harvested from private addresses too")
    smtp_url: str | None = Field(
        None, description="smtp://user:password@host:587 for e-mail, or file: for files; unset: no e-mail"
    )
    mail_from: str | None = Field(None, description="Sender of e-mails, name <address> or an address")
    sms_url: str | None = Field(None, description="URL of an SMS gateway, or file: for files; unset: no SMS")
    sms_token: str | None = Field(None, description="Bearer token of the SMS gateway")
    sms_plain: bool = Field(True, description="SMS are sent without diacritics: 160 letters in one instead of 70")
    vapid_key: str | None = Field(None, description="Private key of web push; unset: made once in the data folder")
    notify_private: bool = Field(False, description="Webhooks and web push may go to private addresses too")
    office_hours: str = Field(
        "mon-fri 7:30-11:30 13:30-17:00", description="When offices work, Vietnam time; deadlines in working time"
    )
    message_days: int = Field(90, description="Days messages are kept after they were sent")
    retention_days: int | None = Field(None, description="Days raw observations are kept; unset: for ever")
    map_style: str | None = Field(None, description="URL of a MapLibre style for the base map; unset: built-in")
    map_tiles: str | None = Field(None, description="URL template of raster base tiles {z}/{x}/{y}; unset: built-in")
    map_credit: str | None = Field(None, description="Credit line of the base map set above")
    load_bytes: int = Field(4 * 1024**3, description="Most bytes a delivered file or archive may unpack to")
    load_ratio: int = Field(200, description="Most times its packed size a file of an archive may unpack to")
    file_bytes: int = Field(10 * 1024 * 1024, description="Largest file of a case, bytes")
    case_files: int = Field(8, description="Most files one sender hangs on a case")
    image_pixels: int = Field(50_000_000, description="Most pixels of a picture; a larger one is refused unread")
    scan_command: str | None = Field(
        None, description="Command that looks for viruses in the file named last: exit 0 clean, 1 infected; unset: none"
    )
    scan_url: str | None = Field(
        None, description="clamd instead of a command: tcp://host:3310 or unix:/path; unset: none"
    )
    scan_seconds: float = Field(30, description="Seconds the virus scanner may take for a file")
    reports_per_hour: int = Field(30, description="Most reports an hour from one anonymous address; 0: no limit")
    reports_per_contact: int = Field(
        10, description="Most reports an hour with one telephone number or e-mail address; 0: no limit"
    )
    codes_per_hour: int = Field(
        20, description="Most one-time codes an hour asked for from one address; a contact gets three"
    )
    payment: str | None = Field(
        None,
        description="Who takes fees of public services: sandbox (simulated), or module:name of a provider; "
        "unset: nobody, fees are paid at the desk (in demo mode the sandbox)",
    )
    signer: str | None = Field(
        None,
        description="Who signs results of public services: test (a test signature), or module:name of a signer; "
        "unset: nobody (in demo mode test)",
    )
    desk_seats: int = Field(2, description="Appointments a one-stop desk takes at one time")
    open311_anonymous: bool = Field(True, description="Reports through Open311 are taken without an api_key too")
    crew_hours: int = Field(24, description="Hours the positions of crews are kept")
    pool: int = Field(10, description="PostgreSQL connections per process and purpose")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL: psycopg 3 for PostgreSQL, the file dothi.db in the data folder otherwise."""
        url = self.database_url
        if not url:
            return f"sqlite:///{(self.data / 'dothi.db').absolute()}"
        for plain in ("postgres://", "postgresql://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
