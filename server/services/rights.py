"""Who may see whose figures: an officer or leader the own unit, a consolidator also the units below, an admin all."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from server.errors import NotAllowedError, SignInNeededError
from server.services.accounts import Account, Role
from server.storage.engine import reading
from server.storage.units import descendants_at, unit_by_id


def visible_units(engine: Engine, account: Account | None, day: date, *, open_reading: bool) -> frozenset[int] | None:
    """Ids of the units whose figures may be seen, as at a day; None means all.

    Raises:
        SignInNeededError: nobody is signed in, and reading is not open.
    """
    if open_reading:
        return None
    if account is None:
        raise SignInNeededError("Cần đăng nhập để xem số liệu.", "Đăng nhập rồi thử lại.")
    if Role.ADMIN in account.roles:
        return None
    if Role.CONSOLIDATOR not in account.roles:
        return frozenset({account.unit_id})
    with reading(engine) as connection:
        own = unit_by_id(connection, account.unit_id)
        below = () if own is None else descendants_at(connection, own, day)
    return frozenset({account.unit_id, *(unit.id for unit in below)})


def owns_templates(account: Account | None) -> bool:
    """Whether the account may see drafts of forms and change catalogues (C47: đơn vị quản lý biểu mẫu)."""
    return account is not None and not account.roles.isdisjoint({Role.TEMPLATE_OWNER, Role.ADMIN})


def require_template_owner(account: Account) -> None:
    """Raises NotAllowedError for anybody else."""
    if not owns_templates(account):
        raise NotAllowedError(
            "Tài khoản không có quyền quản lý biểu mẫu, danh mục.",
            "Chỉ đơn vị quản lý biểu mẫu hoặc quản trị viên được thay đổi.",
        )


def administers(account: Account | None) -> bool:
    """Whether the account may see and change who signs for units."""
    return account is not None and Role.ADMIN in account.roles


def require_admin(account: Account) -> None:
    """Raises NotAllowedError for anybody else."""
    if not administers(account):
        raise NotAllowedError(
            "Tài khoản không có quyền quản trị.", "Chỉ quản trị viên được xem và thay đổi danh sách người ký."
        )


def refuse_hidden(visible: frozenset[int] | None, unit_id: int | None, code: str) -> None:
    """Raises NotAllowedError where the unit is not among those that may be seen."""
    if visible is not None and unit_id not in visible:
        raise NotAllowedError(
            f"Tài khoản không được xem số liệu của đơn vị mã {code}.",
            "Chỉ xem được đơn vị của mình và các đơn vị cấp dưới mà mình tổng hợp.",
        )
