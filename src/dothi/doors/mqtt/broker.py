"""The embedded MQTT broker: versions 3.1.1 and 5, on the server's own loop.

It is a door, not a general broker: devices publish observations and their status, subscribers hear what dothi says.
A QoS 1 or 2 publish is acknowledged after its observation is committed. Who may publish and see what is decided by
identity.guard. Sessions are kept in memory and end with the process.
"""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from dothi.db import session as db
from dothi.doors.mqtt import status, store, tasking, topics, wire
from dothi.doors.mqtt.connection import LARGEST, Connection, Session
from dothi.doors.mqtt.intake import Counts, Intake
from dothi.doors.mqtt.subscriptions import Subscriptions
from dothi.identity import access, guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 10_000
MOST_FILTERS = 1_000  # of one client
ASK_AGAIN_SECONDS = 60.0  # a client whose key was revoked is sent away within this time
LONGEST_EXPIRY = 7 * 24 * 3600  # seconds a session outlives its connection at most


class Broker:
    """The listener, its sessions and the routing between them."""

    def __init__(self, host: str, port: int, counts: Counts) -> None:
        self.host, self.port = host, port
        self.counts = counts
        self.subscriptions: Subscriptions[Session] = Subscriptions()
        self._sessions: dict[tuple[str, str], Session] = {}
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._credentials = asyncio.Semaphore(4)  # password hashing is slow on purpose
        self._states: dict[int, tuple[str, int | None, str]] = {}  # thing → word, agency, sharing
        self.keeper = status.Keeper(self._state_changed)
        self.let_go = 0  # messages that slow subscribers missed

    async def start(self) -> None:
        """Listen. `port` is the port in use from now on (0 picks a free one)."""
        await asyncio.to_thread(_all_offline)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), self.host, self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        self.follow(self._keep_out())
        log.info("the embedded MQTT broker listens on %s:%s", self.host, self.port)

    async def stop(self) -> None:
        """Take no more, acknowledge what is committed, and say goodbye."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.hold(stop=True)
        waits = [c.intake.drained() for c in self._connections if c.intake is not None]
        if waits:
            await asyncio.wait([asyncio.ensure_future(one) for one in waits], timeout=5)
        for connection in list(self._connections):
            connection.leave(wire.SHUTTING_DOWN, "the server stops")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await self.keeper.drained()
        for session in self._sessions.values():
            if session.timer is not None:
                session.timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def _keep_out(self) -> None:
        """Send clients away whose key was revoked or whose person was locked meanwhile."""
        while True:
            await asyncio.sleep(ASK_AGAIN_SECONDS)
            callers = {one.caller for one in self._connections if one.caller.id is not None}
            lapsed = await asyncio.to_thread(_lapsed, callers)
            for connection in [one for one in self._connections if one.caller in lapsed]:
                connection.leave(wire.NOT_AUTHORISED, "the key or person was locked")

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return len(self._connections)

    def follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside, and say so in the log when it fails."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the MQTT broker met %r", error, exc_info=error)

    # clients come and go

    def opened(self, connection: Connection) -> bool:
        """A socket opened; False when there are too many."""
        self._connections.add(connection)
        return len(self._connections) <= MOST_CONNECTIONS

    async def welcome(self, connection: Connection, hello: wire.Connect) -> wire.Answer:
        """Decide over a CONNECT; the connection has its caller and session afterwards."""
        try:
            caller = await self._who(hello, connection.address)
        except DothiError as error:  # too many wrong passwords
            log.info("%s at %s: %s", hello.user, connection.address, error.message)
            return wire.Answer(present=False, code=wire.QUOTA)
        if caller is None:
            return wire.Answer(present=False, code=wire.BAD_CREDENTIALS)
        said: wire.Properties = {
            wire.MAXIMUM_PACKET: LARGEST,
            wire.SUBSCRIPTION_IDS_AVAILABLE: 0,
            wire.SHARED_AVAILABLE: 0,
        }
        if not hello.client:
            hello.client = f"auto-{secrets.token_hex(8)}"
            said[wire.ASSIGNED_CLIENT] = hello.client
        # a client name belongs to its owner: nobody takes over another one's session
        name = (caller.actor, hello.client)
        old = self._sessions.get(name)
        if old is not None and old.connection is not None:
            gone, old.connection = old.connection, None
            gone.leave(wire.TAKEN_OVER, "another connection uses this client identifier")
        if old is not None and hello.clean:
            self._forget(old)
            old = None
        session = old or Session(hello.client, caller.actor, 0)
        if session.timer is not None:
            session.timer.cancel()
            session.timer = None
        # strangers leave no session behind: there could be any number of them
        session.expiry = min(hello.expiry, LONGEST_EXPIRY) if caller.id is not None else 0
        if session.expiry != hello.expiry:
            said[wire.SESSION_EXPIRY] = session.expiry
        session.window = max(1, min(hello.receive_maximum, 1000))
        session.connection = connection
        self._sessions[name] = session
        connection.caller, connection.session = caller, session
        gives = guard.may_somewhere(caller, "tasks:give")
        connection.writes = caller.thing_id is not None or gives or guard.may_somewhere(caller, "observations:write")
        connection.spoke = clock.now_micros()
        connection.intake = Intake(caller, connection.acknowledge, connection.hold, self.counts)
        if caller.thing_id is not None:
            at = connection.spoke
            self.keeper.note(status.State(caller.thing_id, connected=True, at=at, since=at, actor=caller.actor))
        return wire.Answer(present=old is not None, code=0, properties=said)

    async def _who(self, hello: wire.Connect, address: str) -> Caller | None:
        if hello.user is None:
            return access.anonymous()
        async with self._credentials:
            return await asyncio.to_thread(access.by_credentials, hello.user, hello.password or "", address)

    def lost(self, connection: Connection) -> None:
        """A socket closed: last will, connection state, and the session's remaining life."""
        self._connections.discard(connection)
        session = connection.session
        if session is None:
            return
        taken_over = session.connection is not connection
        if not taken_over:
            session.connection = None
            if session.expiry:
                loop = asyncio.get_running_loop()
                session.timer = loop.call_later(session.expiry, self._forget, session)
            else:
                self._forget(session)
        caller = connection.caller
        if connection.will is not None:
            self._will(connection, connection.will)
        if caller.thing_id is not None and not self._elsewhere(caller.thing_id):
            self.keeper.note(
                status.State(
                    caller.thing_id, connected=False, at=clock.now_micros(), since=connection.spoke, actor=caller.actor
                )
            )

    def _elsewhere(self, thing_id: int) -> bool:
        return any(one.caller.thing_id == thing_id and one.session is not None for one in self._connections)

    def _forget(self, session: Session) -> None:
        self.subscriptions.forget(session)
        name = (session.owner, session.client)
        if self._sessions.get(name) is session:
            del self._sessions[name]

    def _will(self, connection: Connection, will: wire.Publish) -> None:
        target = topics.target(will.topic)
        if target is None or not connection.writes:
            return
        delay = min(connection.will_delay, connection.session.expiry if connection.session else 0)
        loop = asyncio.get_running_loop()

        def speak() -> None:
            came_back = connection.session is not None and connection.session.connection is not None
            if delay and came_back:
                return
            if target.kind == "status":
                self.told(connection, target.thing, replace(will, qos=0), last=True)
            else:
                Intake(connection.caller, lambda _: None, lambda _: None, self.counts).take([replace(will, qos=0)])

        loop.call_later(delay, speak) if delay else speak()

    # subscriptions and what they hear

    def subscribe(self, connection: Connection, packet: int, filters: list[wire.Filter]) -> None:
        """Answer a SUBSCRIBE and send the states already known. QoS 2 is granted as 1."""
        session = connection.session
        if session is None:
            return
        codes: list[int] = []
        new: list[tuple[str, int]] = []
        for one in filters:
            if not topics.is_filter(one.text):
                codes.append(wire.BAD_FILTER)
            elif not topics.may_hold(one.text) or len(self.subscriptions.of(session)) >= MOST_FILTERS:
                codes.append(wire.NOT_AUTHORISED)
            else:
                qos = min(one.qos, 1)
                fresh = self.subscriptions.add(session, one.text, qos)
                codes.append(qos)
                if one.retain_handling == 0 or (one.retain_handling == 1 and fresh):
                    new.append((one.text, qos))
        connection.send(wire.suback(packet, codes, connection.version))
        for filter_, qos in new:
            for thing_id, (word, agency, sharing) in self._states.items():
                topic = topics.status(thing_id)
                if topics.matches(filter_, topic) and guard.sees(connection.caller, sharing, agency):
                    session.deliver(wire.publish_tail(topic, word.encode()), qos, retain=True)

    def say(
        self,
        topic: str,
        payload: bytes,
        sharing: str,
        agency: int | None,
        wildcards: bool = True,
        thing: int | None = None,
    ) -> None:
        """Send a message to the subscribers of a topic who may see its subject. thing: whose device hears it anyway."""
        heard = self.subscriptions.on(topic, wildcards=wildcards)
        if not heard:
            return
        tail = wire.publish_tail(topic, payload)
        for session, qos in heard.items():
            seer = self._seer(session)
            own = thing is not None and seer.thing_id == thing
            if (own or guard.sees(seer, sharing, agency)) and not session.deliver(tail, qos):
                self.let_go += 1

    @staticmethod
    def _seer(session: Session) -> Caller:
        # while a client is away nobody knows what it may still see: only open data is kept for it
        return session.connection.caller if session.connection is not None else guard.ANONYMOUS

    # states

    def told(self, connection: Connection, thing_id: int, message: wire.Publish, *, last: bool = False) -> None:
        """A device says it is online or offline. last: its last will, which knows nothing newer than its connection."""
        self.follow(self._status(connection, thing_id, message, last=last))

    async def _status(self, connection: Connection, thing_id: int, message: wire.Publish, *, last: bool) -> None:
        caller = connection.caller
        code = 0
        try:
            owner = (await asyncio.to_thread(_owners, [thing_id])).get(thing_id)
            if caller.thing_id != thing_id:
                guard.require(caller, "observations:write", owner[0] if owner else None, thing_id=thing_id)
            state = status.read(thing_id, message.payload, caller.actor)
            if last:
                state = replace(state, since=min(state.since, connection.spoke))
            connection.spoke = max(connection.spoke, state.at)
            self.keeper.note(state)
        except BadInput as error:
            log.info("%s: %s", caller.actor, error.message)
            code = wire.PAYLOAD_INVALID
        except DothiError as error:
            log.info("%s may not set the status of Thing %s: %s", caller.actor, thing_id, error.message)
            code = wire.NOT_AUTHORISED
        connection.acknowledge([(message, code)])

    def tasked(self, connection: Connection, target: topics.Target, message: wire.Publish) -> None:
        """Somebody gives a task, or a device reports of one."""
        self.follow(self._tasked(connection, target, message))

    async def _tasked(self, connection: Connection, target: topics.Target, message: wire.Publish) -> None:
        code = await asyncio.to_thread(tasking.take, connection.caller, target, bytes(message.payload))
        connection.acknowledge([(message, code)])

    def _state_changed(self, state: status.State, agency: int | None, sharing: str) -> None:
        self._states[state.thing_id] = (state.word, agency, sharing)
        self.say(topics.status(state.thing_id), state.word.encode(), sharing, agency)


def _owners(ids: list[int]) -> dict[int, tuple[int | None, str]]:
    with db.reading() as session:
        return store.owners(session, ids)


def _lapsed(callers: set[Caller]) -> set[Caller]:
    with db.reading() as session:
        keys = {one.id for one in callers if one.kind == "key" and one.id is not None}
        people = {one.id for one in callers if one.kind == "person" and one.id is not None}
        good_keys, good_people = store.good_keys(session, keys, clock.now_micros()), store.active(session, people)
    return {one for one in callers if one.id not in (good_keys if one.kind == "key" else good_people)}


def _all_offline() -> None:
    """No device is connected to a broker that begins to listen, whatever a crash left written."""
    with db.writing() as session:
        store.all_offline(session, clock.now_micros())
