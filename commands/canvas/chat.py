"""Sessions, messages and uploads."""

from __future__ import annotations

from commands.canvas.commands import CanvasCommand, PostAssistantMessage, PostMessage, RecordUpload, StartSession
from commands.canvas.draft_plan import plans_of
from commands.canvas.streams import ref, session_in, session_stream
from commands.model import Context, Decision, Streams
from commands.refusals import IllegalState, InvalidInput, NotFound
from events.canvas.session_events import FileUploaded, MessagePosted, SessionStarted
from events.ids import plan_id

SESSION_EVENTS_MAX = 18_000
"""A session of this length takes no new message or run, but always a result."""
PLAN_EVENTS_MAX = 60_000
"""Of a plan, when a run begins: of the largest plan about 40 runs of all its steps."""


def start_session(command: StartSession, _streams: Streams, _context: Context) -> Decision:
    event = SessionStarted(
        session_id=command.session_id,
        org_id=command.org_id,
        title=command.title,
        project_id=command.project_id,
        user_id=command.user_id,
    )
    return Decision(((ref(command.session_id), event),), {"session_id": command.session_id})


def check_project(command: CanvasCommand, streams: Streams) -> None:
    """Raises NotFound where the session is not of the project that the asker's key is of."""
    if isinstance(command, StartSession):
        project = command.project_id
    else:
        project = session_in(streams, command.org_id, command.session_id).started.project_id
    if project != command.within_project:
        raise NotFound("no such session")


def post_message(command: PostMessage, streams: Streams, _context: Context) -> Decision:
    session, version = session_stream(streams, command.org_id, command.session_id)
    refuse_when_full(version)
    for index, upload_id in enumerate(command.upload_ids):
        if upload_id not in session.uploads:
            raise InvalidInput.at(f"/upload_ids/{index}", "no such upload in this session")
    plans = plans_of(streams, command.session_id)
    newest = plan_id(command.session_id, plans) if plans else None
    event = MessagePosted(
        session_id=command.session_id,
        message_id=command.message_id,
        role="user",
        text=command.text,
        mode=command.mode,
        approval=command.approval,
        upload_ids=command.upload_ids,
        after_plan=newest,
        after_version=streams(ref(newest)).version if newest is not None else None,
    )
    return Decision(((ref(command.session_id), event),), {"message_id": command.message_id})


def post_assistant_message(command: PostAssistantMessage, streams: Streams, _context: Context) -> Decision:
    session = session_in(streams, command.org_id, command.session_id)
    if session.message(command.message_id) is not None:
        return Decision(result={"message_id": command.message_id})
    event = MessagePosted(
        session_id=command.session_id,
        message_id=command.message_id,
        role="assistant",
        text=command.text,
        assets=command.assets,
        in_reply_to=command.in_reply_to,
        plan_id=command.plan_id,
    )
    return Decision(((ref(command.session_id), event),), {"message_id": command.message_id})


def record_upload(command: RecordUpload, streams: Streams, _context: Context) -> Decision:
    """The n-th image of a session is `image_n`, and so on for each medium."""
    session, version = session_stream(streams, command.org_id, command.session_id)
    refuse_when_full(version)
    label = f"{command.medium}_{session.media.get(command.medium, 0) + 1}"
    event = FileUploaded(
        session_id=command.session_id,
        upload_id=command.upload_id,
        asset=command.asset,
        file_name=command.file_name,
        medium=command.medium,
        label=label,
    )
    return Decision(((ref(command.session_id), event),), {"upload_id": command.upload_id, "label": label})


def refuse_when_full(version: int) -> None:
    if version >= SESSION_EVENTS_MAX:
        raise IllegalState("this session is full: start a new one", allowed=[], hint="start a new session")


def refuse_when_run_out(version: int) -> None:
    """Before a run: a plan's past can be gone through, and gone back to, for as long as it is not longer than this."""
    if version >= PLAN_EVENTS_MAX:
        raise IllegalState("this plan was run too often", allowed=[], hint="fork it: the fork begins with its results")
