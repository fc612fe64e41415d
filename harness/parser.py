"""The command line's grammar.  Nothing heavy is imported here: `--help` is for impatient people."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from harness import parser_lookups
from harness.errors import ConfigError
from reports.basics.exit_codes import ExitCode
from reports.basics.suggestions import closest

_DESCRIPTION = """\
diya: will your Redis-backed AI agents survive the biggest sale of the year?
A verdict with evidence: GO, NO-GO or INCONCLUSIVE."""

_EXITS = f"""\
exit codes: {ExitCode.GO} GO, {ExitCode.NO_GO} NO-GO, {ExitCode.INCONCLUSIVE} INCONCLUSIVE, \
{ExitCode.BAD_CONFIGURATION} bad configuration, {ExitCode.INTERRUPTED} interrupted,
{ExitCode.BROKEN} the harness broke"""


_LAST_LINE = "one last line: the verdict, the run directory and the headline"


class _Parser(argparse.ArgumentParser):
    """Raises ConfigError, one sentence, for what cannot be parsed; argparse itself would exit."""

    def error(self, message: str) -> NoReturn:
        """Raise ConfigError for what argparse says in its own words."""
        raise ConfigError(_sentence(message, self.prog))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse; what is unknown to a command is its own error, not that of all of them."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            close = closest(unknown[0].split("=")[0], self._option_string_actions)
            hint = f"did you mean {close[0]}?" if close else f"{self.prog} --help lists them"
            self.error(f"{' '.join(unknown)}: no such option or argument; {hint}")
        return known, unknown


class _Version(argparse.Action):
    """Prints the version of the installed package and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        # Imported only now: only `--version` reads the package's metadata.
        from importlib.metadata import version

        print(f"diya {version('diya')}")
        parser.exit()


_CHOICE = re.compile(r"argument (.+?): invalid choice: '?(.*?)'? \(choose from (.*)\)", re.DOTALL)
_SAYINGS = (
    # what argparse says, what we say; {prog} is the command
    (
        r"the following arguments are required: (.*)",
        r"\1 was expected after '{prog}'; {prog} --help says more",
    ),
    (r"argument (.+?): expected one argument", r"\1: a value was expected after it"),
    (r"argument (.+?): ignored explicit argument (.*)", r"\1 \2: no value was expected"),
    (r"ambiguous option: (.+?) could match (.*)", r"\1: one of \2 was expected"),
    (r"argument (.+?): (.*)", r"\1: \2"),
)


def _sentence(message: str, prog: str) -> str:
    """What argparse says as our other messages say it."""
    choice = _CHOICE.fullmatch(message)
    if choice is not None:
        return f"{choice[1]} {choice[2]}: expected one of {choice[3].replace(chr(39), '')}"
    for theirs, ours in _SAYINGS:
        found = re.fullmatch(theirs, message, re.DOTALL)
        if found is not None:
            return found.expand(ours).replace("{prog}", prog)
    return message


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number was expected, not {text!r}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a number was expected, not {text!r}") from None


def build() -> argparse.ArgumentParser:
    """The parser of all commands.  Its `parse_args` raises ConfigError for what it cannot parse."""
    parser = _Parser(
        prog="diya",
        description=_DESCRIPTION,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        default=argparse.SUPPRESS,
        help="print the version of diya and exit",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _readiness(commands.add_parser("readiness", help="run the load and the faults, judge, report"))
    _report(commands.add_parser("report", help="judge a stored run again"))
    _shrink(commands.add_parser("shrink", help="which of a failed run's faults it takes to fail"))
    _profile(commands.add_parser("profile", help="what a load will do, before anything runs"))
    parser_lookups.faults(commands)
    parser_lookups.experiments(commands)
    parser_lookups.check(commands)
    _demo(commands.add_parser("demo", help="one conversation over two replicas, for real"))
    _up(commands.add_parser("up", help="bring the fleet up and keep it until Ctrl-C"))
    _chaos(commands.add_parser("chaos", help="do one fault to the fleet of `diya up`"))
    parser_lookups.completion(commands)
    return parser


def readiness_options() -> list[argparse.Action]:
    """The options of `diya readiness`, in the order of its help."""
    parser = argparse.ArgumentParser(add_help=False)
    _readiness(parser)
    return list(parser._actions)


def _readiness(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        default="diwali",
        metavar="NAME|FILE",
        help="the load (default: %(default)s); `diya check FILE` reads one of yours without a run",
    )
    parser.add_argument(
        "--experiment",
        metavar="FILE|random:SEED|none",
        help="the faults, in Chaos Toolkit's format, the name of one of ours, or drawn by a seed "
        "(default: diwali-default, or the profile's own where there is one; none for a --target); "
        "`diya check FILE` reads one of yours without a run",
    )
    parser.add_argument(
        "--replay",
        metavar="RUN_DIR",
        help="the load, the fleet, the seed and the faults of that run once more",
    )
    parser.add_argument("--seed", type=_whole, help="plays the same load and faults again")
    parser.add_argument(
        "--scale",
        default="auto",
        metavar="auto|FACTOR",
        help="all rates of the profile times this (default: auto: scaled down to what a rehearsal "
        "shows that this machine carries; 1 for a --target)",
    )
    parser.add_argument(
        "--slo",
        action="append",
        metavar="NAME=VALUE",
        help="this limit instead of the profile's, for example steady_p99_s=1.5 (seconds) or "
        "error_rate=0.01 (a share); may be repeated; reports show the profile's beside it",
    )
    parser.add_argument(
        "--no-rehearsal",
        action="store_true",
        help="begin the load at once, at --scale 1 where none is given; only the run finds a "
        "service that fails always",
    )
    _fleet(parser)
    parser.add_argument(
        "--env",
        choices=("process", "containers", "compose"),
        default="process",
        help="where the fleet runs (default: %(default)s; containers need Docker and diya[ci]; "
        "compose: deploy/compose.yaml, its Locust included)",
    )
    parser.add_argument("--image", metavar="IMAGE", help="containers: the service's image")
    parser.add_argument("--redis-image", metavar="IMAGE", help="containers: default redis:8")
    parser.add_argument("--envoy-image", metavar="IMAGE", help="containers: Envoy's image")
    parser.add_argument(
        "--health-path",
        metavar="PATH",
        help="containers: where --image answers 200 when it is ready (default: /readyz)",
    )
    parser.add_argument(
        "--pass-env",
        action="append",
        metavar="NAME",
        help="containers: replicas get this variable of our environment; its value is not recorded",
    )
    parser.add_argument(
        "--target", metavar="URL", help="drive this ADK API server instead of a fleet of our own"
    )
    parser.add_argument(
        "--app", help="the agent's app name, at the target or in --image (default: shopmax)"
    )
    parser.add_argument(
        "--ttl",
        type=_number,
        metavar="SECONDS",
        help="how long the --target keeps a session after its last use (default: not known)",
    )
    parser.add_argument(
        "--token-env",
        metavar="NAME",
        help="the environment variable that holds the --target's bearer token",
    )
    parser.add_argument(
        "--journeys",
        metavar="FILE",
        help="what customers write about, for an agent of your own (default: ShopMax's)",
    )
    parser.add_argument(
        "--authorised",
        action="store_true",
        help="I may put load on this --target or --redis although it is not on this machine",
    )
    _crew(parser)
    _output(parser)
    parser.add_argument(
        "--out", default="runs", metavar="DIR", help="where runs are kept (default: %(default)s)"
    )


def _crew(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=_whole,
        default=1,
        metavar="N",
        help="load generator processes on this machine; with --master, how many are to join",
    )
    parser.add_argument(
        "--master", action="store_true", help="wait for workers that --join from other machines"
    )
    parser.add_argument(
        "--bind",
        metavar="HOST[:PORT]",
        help="where a --master is joined (default: 127.0.0.1:5557)",
    )
    parser.add_argument(
        "--join",
        metavar="HOST[:PORT]",
        help="play for the --master there: the load, the target and the verdict are its own",
    )


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_dir", metavar="RUN_DIR", help="the directory of the run")
    _output(parser)


def _shrink(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_dir", metavar="RUN_DIR", help="a run that was NO-GO")
    parser.add_argument(
        "--gate", metavar="NAME", help="what must fail again (default: the run's worst failure)"
    )
    parser.add_argument(
        "--most-runs", type=_whole, default=30, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--most-minutes",
        type=_number,
        default=60.0,
        metavar="M",
        help="no run is begun after so long (default: %(default)g)",
    )
    _redis(parser)
    _verbose(parser)


def _profile(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the profiles that come with diya")
    show = actions.add_parser(
        "show", help="arrivals, turns, live sessions and Redis memory to be expected"
    )
    show.add_argument("profile", metavar="NAME|FILE", help="which profile")
    show.add_argument("--journeys", metavar="FILE", help="for a profile that names some of these")
    show.add_argument("--seed", type=_whole, help="with the arrivals that this seed draws")


def _demo(parser: argparse.ArgumentParser) -> None:
    _redis(parser)
    _verbose(parser)


def _up(parser: argparse.ArgumentParser) -> None:
    _fleet(parser)
    parser.add_argument(
        "--ttl", type=_number, default=7200.0, metavar="SECONDS", help="default: %(default)g"
    )
    _output(parser, "the addresses")


def _chaos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fault", metavar="FAULT", help="for example kill-replica or restart-redis")
    parser.add_argument(
        "hit",
        metavar="TARGET",
        nargs="?",
        help="a replica or a Redis server, as r01, redis-2 or primary",
    )
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="of the fault"
    )


def _output(parser: argparse.ArgumentParser, left: str = _LAST_LINE) -> None:
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help=f"no progress: print errors and {left}",
    )
    _verbose(either)


def _verbose(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="log to stderr what diya does: processes, signals, faults, files; without secrets",
    )


def _fleet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replicas", type=_whole, default=12, metavar="N", help="default: %(default)s"
    )
    _redis(parser)
    _topology(parser)
    parser.add_argument(
        "--sessions",
        default="redis",
        metavar="KIND",
        help="redis (ours), adk-redis, memory, or module:factory called with (uri, ttl_seconds)",
    )
    parser.add_argument(
        "--agent",
        metavar="DIR",
        help="the folder of an ADK agent of your own, served by our fleet instead of ShopMax's",
    )
    parser.add_argument(
        "--port",
        type=_whole,
        metavar="P",
        help="the balancer listens here, replicas on the ports after it (default: free ones)",
    )


def _redis(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--redis",
        default="auto",
        metavar="KIND|URL",
        help="auto, bundled (Valkey), system (redis-server on PATH), or redis://… (default: auto)",
    )


def _topology(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--proxy",
        action="store_true",
        help="proxies on the way to Redis and to the replicas, also when no fault needs them",
    )
    parser.add_argument(
        "--topology",
        default="single",
        metavar="FORM",
        help="single, sentinel (3 servers, 3 sentinels) or cluster (3 + 3) (default: single)",
    )
    parser.add_argument(
        "--aof",
        default="everysec",
        metavar="FSYNC",
        help="Redis's append-only file: off, everysec or always (default: everysec)",
    )
    parser.add_argument("--rdb", action="store_true", help="Redis takes snapshots, as by default")
    parser.add_argument(
        "--min-replicas",
        type=_whole,
        metavar="N",
        help="sentinel: a primary refuses writes that reach fewer replicas (default: 1)",
    )
