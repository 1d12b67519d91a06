import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { readUnit, runsServer, type ServerUnit, unitProperties } from "../../rules/distribution/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";

export const destination = "org.freedesktop.systemd1";

// Units as the install scripts call them: k3s, k3s-NAME (INSTALL_K3S_NAME), rke2-server.
const patterns = { k3s: ["k3s.service", "k3s-*.service"], rke2: ["rke2-server*.service"] } as const;

/** A unit's path on the bus: every byte that is no letter or digit is written as `_` and its code. Source: sd_bus_path_encode(3) */
export function busPath(unit: string): string {
  const label = unit.replaceAll(/[^A-Za-z0-9]/gu, (one) => `_${one.charCodeAt(0).toString(16)}`);
  return `/org/freedesktop/systemd1/unit/${label}`;
}

const encoded = "base64 -w0 | sed 's/^/said /; s/$/\\n/'";

function refusedUnit(machine: ServerMachine, why: string): PodtrustError {
  return new PodtrustError("server-unit", `${machine.text}: ${why}`, { detail: { machine: machine.text } });
}

// A machine that systemd did not boot (sd_booted(3)). k3d puts its entry point into each of its containers (k3d, pkg/client/node.go, which
// writes /bin/k3d-entrypoint.sh); k3s' install.sh writes /etc/init.d/k3s or k3s-NAME, whose first line is OpenRC's
// (create_openrc_service_file, read in the copy of commit 0136cf25).
const otherSupervisor = `
if [ ! -d /run/systemd/system ]; then
  if command -v k3d-entrypoint.sh >/dev/null; then echo 'k3d -'; exit 0; fi
  for one in /etc/init.d/k3s /etc/init.d/k3s-*; do
    if head -n 1 "$one" 2>/dev/null | grep -q openrc-run; then printf 'openrc %s\\n' "$(printf %s "$one" | base64 -w0)"; exit 0; fi
  done
fi
`;

/** Names of the unit files of a server that the machine has. */
async function unitNames(
  machine: ServerMachine,
  distribution: "k3s" | "rke2",
  signal: AbortSignal,
): Promise<readonly string[]> {
  const words = patterns[distribution];
  const script = `set -eu
${otherSupervisor}command -v busctl >/dev/null || { echo 'busctl is not installed on this machine: how systemd starts the server cannot be read' >&2; exit 1; }
busctl --json=short call ${destination} /org/freedesktop/systemd1 ${destination}.Manager ListUnitFilesByPatterns asas 0 ${words.length} ${words.map(shellWord).join(" ")} | ${encoded}
`;
  const found = await machine.run("looking for its unit", script, signal);
  if (found.startsWith("k3d ")) {
    const why = "it is k3d's container, whose command line k3d made: podtrust changes none of these";
    throw refusedUnit(machine, why);
  }
  const [openrc] = fieldsOf(found, "openrc");
  if (openrc !== undefined)
    throw refusedUnit(
      machine,
      `${distribution} runs under OpenRC (${openrc}): podtrust reads units of systemd`,
    );
  const [text = ""] = fieldsOf(found, "said");
  return [...text.matchAll(/"(?<path>\/[^"\\]+\.service)"/gu)].flatMap(({ groups }) => {
    const name = groups?.["path"]?.split("/").at(-1) ?? "";
    return /^[\w.-]+\.service$/u.test(name) ? [name] : [];
  });
}

/** Names of other unit files that start a program of that name: they are named, and not read. */
async function otherUnits(
  machine: ServerMachine,
  distribution: "k3s" | "rke2",
  signal: AbortSignal,
): Promise<readonly string[]> {
  const script = `cd /etc/systemd/system 2>/dev/null && grep -lE '^ExecStart=.*/${distribution}( |\\\\|$)' *.service | head -n 5 || true\n`;
  const said = await machine.run("looking for other units", script, signal);
  return said.split("\n").filter((name) => /^[\w.-]+\.service$/u.test(name));
}

/** systemd puts the environment into words with a `$`, and what it puts there is not read here. */
function checked(unit: ServerUnit, machine: ServerMachine): ServerUnit {
  const { name, command, needsReload } = unit;
  const word = command.find((one) => one.includes("$"));
  if (word !== undefined || needsReload) {
    const why = needsReload
      ? "its files were changed since systemd read them: run systemctl daemon-reload"
      : `its command line has ${word}, whose value the environment gives`;
    throw new PodtrustError("server-unit", `${machine.text}: ${name}: ${why}`, {
      detail: { machine: machine.text, unit: name },
    });
  }
  return unit;
}

async function unitOf(
  machine: ServerMachine,
  name: string,
  signal: AbortSignal,
): Promise<ServerUnit | undefined> {
  const asked = Object.entries(unitProperties).map(
    ([face, members]) =>
      `busctl --json=short get-property ${destination} ${busPath(name)} ${destination}.${face} ${members.join(" ")}`,
  );
  const script = `set -eu\n{ ${asked.join("; ")}; } | ${encoded}\n`;
  const [text = ""] = fieldsOf(await machine.run(`reading ${name}`, script, signal), "said");
  return readUnit(text.split("\n"));
}

/**
 * The unit by which systemd starts the server of k3s or RKE2 on a machine, as systemd has it: never from a process' name or a log.
 * Throws `server-unit` where there is none, more than one, or one that cannot be read, and `host-*`, `ssh-*`.
 */
export async function serverUnit(
  machine: ServerMachine,
  distribution: "k3s" | "rke2",
  signal: AbortSignal,
): Promise<ServerUnit> {
  const names = [...new Set(await unitNames(machine, distribution, signal))];
  const units: ServerUnit[] = [];
  for (const name of names) {
    const unit = await unitOf(machine, name, signal);
    if (unit === undefined) {
      throw new PodtrustError("server-unit", `${machine.text}: ${name} is no unit that starts one program`, {
        detail: { machine: machine.text, unit: name },
      });
    }
    if (runsServer(unit)) units.push(checked(unit, machine));
  }
  const [unit] = units;
  if (unit !== undefined && units.length === 1) return unit;
  if (units.length === 0) {
    const others = (await otherUnits(machine, distribution, signal)).filter((one) => !names.includes(one));
    if (others.length > 0) {
      const read = patterns[distribution].join(" or ");
      const why = `${others.join(" and ")} starts ${distribution}, and podtrust reads ${read} alone`;
      throw refusedUnit(machine, why);
    }
  }
  const found = units.length === 0 ? "no unit" : units.map(({ name }) => name).join(" and ");
  throw new PodtrustError("server-unit", `${machine.text}: ${found} starts a server of ${distribution}`, {
    detail: { machine: machine.text, units: units.map(({ name }) => name) },
  });
}
