"""Writing on another thread: a twin of a session is sent there, and what came of it is taken over."""

import copy

from ecgview.review.history import ApplyAgain
from ecgview.review.merging import conflict_of, merge
from ecgview.review.session import ReadingSession


class Handover:
    """One piece of writing of a session that goes on meanwhile.

    The twin may be used on any thread, by one at a time; make the handover and `settle` it on the
    session's own thread. Only edits may be made in between.
    """

    def __init__(self, session: ReadingSession) -> None:
        self._session = session
        self._sent = session._history
        self._logged = len(session._unlogged)
        self._offer = session.offer
        self.twin = copy.copy(session)
        self.twin._unlogged, self.twin.autosave = list(session._unlogged), True

    def settle(self) -> None:
        """Take over what the twin kept, or was refused; edits made since stay, on top of it."""
        session, twin, sent = self._session, self.twin, self._sent
        mine, later, autosave = session._history, session._unlogged[self._logged :], session.autosave
        session.__dict__.update(twin.__dict__)
        session.autosave = autosave
        if mine is sent:
            return  # nothing was edited since
        if session.offer is not None and session.offer is not self._offer:
            session.offer = ApplyAgain(session.offer.base, mine.draft)
            return
        session._history, session.is_saved = mine, False
        session._unlogged = [*twin._unlogged, *later]
        if twin.draft != sent.draft:  # edits of somebody else came in beneath ours
            clash = merge(sent.draft, mine.draft, twin.draft).conflicts
            if clash:
                where = str(session.store.path)
                session.conflict = conflict_of(sent.draft, mine.draft, twin._kept, clash, where)
            else:
                session._history = mine.rebased(sent.draft, twin.draft)
