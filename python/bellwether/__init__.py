"""bellwether: who is here, and who leads. A cluster member in Python, over the shared library libbellwether.

    import bellwether

    with bellwether.Member("n1", key, bind="192.0.2.1:7947", scopes=["default"]) as member:
        member.on_event = print
        member.run(until=lambda: member.may_act("default"))

In asyncio: bellwether.aio.Member. The methods are those of <bellwether/node.h>, where each is described.
"""

from . import aio
from ._library import Closed, Error
from .member import Member
from .scope import Scope
from .views import Event, MemberInfo, Message, ScopeInfo

__all__ = ["Closed", "Error", "Event", "Member", "MemberInfo", "Message", "Scope", "ScopeInfo", "aio"]
