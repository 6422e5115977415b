"""`qrr login` and `qrr accounts`: try an API key, save the account, and list the accounts that are saved."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..base.text import printable
from ..config import account_file as accounts_file
from ..errors import InvalidInput
from .options import JsonLinesOption, JsonOption, ServiceOptions
from .terminal import Column, fitting_table, print_json, say, stderr, stdout, working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..http.instance_search import FoundInstance

__all__ = ["accounts", "login"]

AccountFile = Annotated[
    Path | None, typer.Option(dir_okay=False, help="File of the accounts. Default: ~/.qiskit/qiskit-ibm.json.")
]
ACCOUNTS = (
    Column("account", needed=True),
    Column("default"),
    Column("instance", needed=True),
    Column("API key"),
    Column("URL"),
)
INSTANCES = (Column("", right=True), Column("instance", needed=True), Column("plan"), Column("CRN"))


def login(
    *,
    instance: Annotated[
        str | None,
        typer.Option(
            help="CRN or name of the instance. Default: QISKIT_IBM_INSTANCE, else the only one that the key can see, "
            "else it asks."
        ),
    ] = None,
    account: Annotated[str, typer.Option(help="Name of the account in the file.")] = accounts_file.DEFAULT_NAME,
    account_file: AccountFile = None,
    default: Annotated[bool, typer.Option("--default", help="Mark it as the default account.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an account of this name, or the default account.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="URL of the service, up to /v1. Default: from the CRN's region.")
    ] = None,
    iam_url: Annotated[str | None, typer.Option(help="Host that exchanges the API key for a token.")] = None,
    ca_bundle: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the certificates to trust (PEM).")
    ] = None,
    proxy: Annotated[str | None, typer.Option(help="URL of a proxy for all requests.")] = None,
    json: JsonOption = False,
) -> None:
    """Ask for an API key, try it, and save it where IBM's SDK looks for it too (~/.qiskit/qiskit-ibm.json).

    The key is read without echo, or from stdin if that is a pipe. It is never an argument. The instances that the key
    can see are listed, to choose one.
    """
    path = account_file or accounts_file.default_path()
    accounts_file.check_can_save(path, name=account, overwrite=overwrite, set_as_default=default)
    chosen = instance or os.environ.get("QISKIT_IBM_INSTANCE") or None
    options = ServiceOptions(
        instance=chosen, base_url=base_url, iam_url=iam_url, ca_bundle=ca_bundle, proxy=proxy, account_file=path
    )
    if chosen is not None:
        options.settings(api_key="to-be-asked-for")  # a wrong instance or URL is an error before the key is asked for
    settings = options.settings(api_key=_ask_api_key())

    from ..client.client import RuntimeClient
    from ..config.crn import Crn
    from ..http.instance_search import find_instances

    if settings.instance is None:
        with working("looking for instances"):
            found = find_instances(settings)
        settings = settings.with_instance(_choose(found).crn)
    with RuntimeClient(settings=settings) as client, working("trying the API key"):
        settings = client.settings
        devices = client.instances.get().backends or []

    usual = Crn.parse(settings.instance or "")
    accounts_file.save_account(
        path,
        name=account,
        api_key=settings.api_key or "",
        instance=settings.instance or "",
        url=settings.base_url if settings.base_url != usual.base_url() else None,
        overwrite=overwrite,
        set_as_default=default,
    )
    saved = accounts_file.read_account(path)
    is_default = saved is not None and saved.name == account
    if json:
        print_json({"account": account, "path": str(path), "instance": settings.instance, "default": is_default})
        return
    say(f"the service accepts the API key; the instance has {len(devices)} backends.", label="ok", label_style="green")
    say(f"saved as {account!r} in {path}, readable only by you.", label="ok", label_style="green")
    if not is_default:
        say(f"it is not the default account: select it with --account {account}.")
    if settings.iam_url != usual.iam_url():
        say(f"the file has no field for the IAM host: set IAM_URL={settings.iam_url} in the environment.")


def accounts(*, account_file: AccountFile = None, json: JsonLinesOption = False) -> None:
    """List the saved accounts, without their API keys."""
    path = account_file or accounts_file.default_path()
    found, default = accounts_file.read_accounts(path)
    if json:
        for one in found:
            known = {"account": one.name, "default": one.name == default, "instance": one.instance, "url": one.url}
            print_json({**known, "has_api_key": one.api_key is not None})
        return
    if not found:
        say(f"no accounts in {path}; `qrr login` saves one.")
        return
    rows = [
        (
            one.name,
            "yes" if one.name == default else "",
            one.instance or "none",
            "saved" if one.api_key else "none",
            one.url,
        )
        for one in found
    ]
    console = stdout()
    console.print(fitting_table(ACCOUNTS, rows, console=console))


def _choose(found: Sequence[FoundInstance]) -> FoundInstance:
    """The instance to save: the only one, or the one that the user chooses from the list."""
    if not found:
        raise InvalidInput(
            "the API key can see no instance: create one on IBM Quantum Platform, or pass --instance CRN."
        )
    if len(found) == 1:
        say(f"the API key can see one instance: {printable(found[0].name)}.")
        return found[0]
    if not sys.stdin.isatty():
        known = ", ".join(repr(instance.name) for instance in found)
        raise InvalidInput(f"the API key can see {len(found)} instances: add --instance with the name of one: {known}.")
    console = stderr()
    rows = [(place, one.name, one.plan, one.crn) for place, one in enumerate(found, 1)]
    console.print(fitting_table(INSTANCES, rows, console=console))
    names = [one.name for one in found]
    while True:
        answer = str(typer.prompt("Number or name of the instance", err=True)).strip()
        if answer.isdigit() and 1 <= int(answer) <= len(found):
            return found[int(answer) - 1]
        if names.count(answer) == 1:
            return found[names.index(answer)]
        say(f"{answer!r}: expected a number from 1 to {len(found)}, or a name.")


def _ask_api_key() -> str:
    if sys.stdin.isatty():
        key = str(typer.prompt("API key (not shown)", hide_input=True, err=True))
    else:
        key = sys.stdin.readline()
    if not key.strip():
        raise InvalidInput("no API key: type one, or pipe it to stdin. Create it on IBM Quantum Platform.")
    return key
