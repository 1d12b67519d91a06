/** What systemd says of each unit beside its command line. */
export interface LoadedUnit {
  readonly needsReload: boolean;
  readonly mainPid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

// Stands for the time at which k3s' stand-in was started last.
const standInStart = 4_242_424_242_424_242;

/** busctl as systemd 252 answered on 2026-12-01, for units with these command lines; by default they began when k3s' stand-in was started. */
export function busctl(
  units: Readonly<Record<string, readonly string[]>>,
  { needsReload = false, mainPid = 40, startedAt }: Partial<LoadedUnit> = {},
): string {
  const listed = Object.keys(units).map((name) => [`/etc/systemd/system/${name}`, "enabled"]);
  const cases = Object.entries(units).map(([name, words]) => {
    const path = name.replaceAll(/[^A-Za-z0-9]/gu, (one) => `_${one.charCodeAt(0).toString(16)}`);
    const unit = [
      { type: "s", data: name },
      { type: "s", data: `/etc/systemd/system/${name}` },
      { type: "as", data: [] },
      { type: "b", data: needsReload },
    ];
    const service = [
      { type: "a(sasbttttuii)", data: [[words[0], words, false, 0, 0, 0, 0, 40, 0, 0]] },
      { type: "as", data: [] },
      { type: "a(sb)", data: [["/etc/default/k3s", true]] },
      { type: "u", data: mainPid },
      { type: "t", data: startedAt === undefined ? standInStart : startedAt * 1000 + 320 },
    ];
    const said = (lines: readonly object[]): string => lines.map((line) => JSON.stringify(line)).join("\n");
    return `*"unit/${path} org.freedesktop.systemd1.Unit "*) cat <<'END'\n${said(unit)}\nEND\n;;
*"unit/${path} org.freedesktop.systemd1.Service "*) sed "s/${standInStart}/$started/" <<'END'\n${said(service)}\nEND\n;;`;
  });
  return `started=$(cat /run/stand-in/began 2>/dev/null || echo 1796123137971320)
case "$*" in
*ListUnitFilesByPatterns*) cat <<'END'\n${JSON.stringify({ type: "a(ss)", data: [listed] })}\nEND\n;;
${cases.join("\n")}
*) echo "Unknown object: $*" >&2; exit 1 ;;
esac`;
}
