import { defined } from "../../core/base/index.ts";
import {
  changedFlags,
  type FlagChange,
  flagDifference,
  issuerFlagsOf,
  parseFlags,
} from "./api-server-flags.ts";
import {
  apiServerArgument,
  argumentName,
  changeServerConfig,
  inReadingOrder,
  type RancherName,
  type ServerArgument,
  type ServerConfigFile,
} from "./rancher-config.ts";
import {
  commandLine,
  givenValues,
  openStart,
  serverConfigPath,
  type ServerStart,
  type StartRefusal,
  type UnitStart,
} from "./rancher-start.ts";
import { startingFile, type UnitText, withoutWords } from "./unit-file.ts";

/** The issuer's flags, by their names. */
const issuerFlagNames: ReadonlySet<string> = new Set(
  changedFlags(issuerFlagsOf({ issuers: [], keyFiles: [] })).keys(),
);

/** What of a unit's command line is about the issuer, and the unit without it. */
export interface UnitFlagWords {
  /** Flags as they stand there: `service-account-issuer=https://a`. */
  readonly flags: readonly string[];
  /** The words that are left, the program first. */
  readonly command: readonly string[];
  /** The file of the unit without them; absent where nothing is taken, or its form is not known. */
  readonly file?: UnitText;
}

/** The flags of the issuer that a unit's command line gives the API server, behind those of every file. */
export function unitFlagWords({ command, texts }: Pick<UnitStart, "command" | "texts">): UnitFlagWords {
  const given = givenValues(command, { names: [apiServerArgument] }).filter(({ text }) =>
    issuerFlagNames.has(argumentName(text)),
  );
  const gone = new Set(given.flatMap(({ at, count }) => (count === 1 ? [at] : [at, at + 1])));
  const file = gone.size === 0 ? undefined : withoutWords(texts, command, gone);
  return {
    flags: given.map(({ text }) => text),
    command: command.filter((_, at) => !gone.has(at)),
    ...defined({ file }),
  };
}

/** What a change means here: an issuer or audiences that are taken away leave k3s' own. */
function meant(change: FlagChange, defaults: ReadonlyMap<string, string>): FlagChange {
  const { issuers, audiences } = change;
  const own = parseFlags([...defaults].map(([flag, value]) => `--${flag}=${value}`));
  return {
    ...change,
    ...(issuers?.length === 0 ? { issuers: own.issuers } : {}),
    ...(audiences?.length === 0 ? defined({ audiences: own.audiences }) : {}),
  };
}

/** The line that keeps our file's flags from being what the API server gets. */
function culprit(
  files: readonly ServerConfigFile[],
  entries: readonly ServerArgument[],
  own: string,
  difference: string,
): ServerArgument | undefined {
  const flag = difference.slice(2).split(" ", 1)[0];
  const entry = entries.findLast(({ from, text }) => from !== own && argumentName(text) === flag);
  if (entry !== undefined) return entry;
  const after = files.slice(files.findIndex(({ path }) => path === own) + 1);
  const wipes = after.find(({ value }) => apiServerArgument in value);
  return wipes === undefined
    ? undefined
    : { from: wipes.path, text: `${apiServerArgument}: (without +, which drops what other files say)` };
}

/** A start with another config, and the files that differ then. */
export interface ChangedStart {
  readonly files: readonly ServerConfigFile[];
  readonly start: ServerStart;
  /** Flags that go from the unit's command line into our file, as they stand there. */
  readonly moved: readonly string[];
  /** The file of the unit without them; absent where none is moved. */
  readonly unitFile?: UnitText;
}

/** A change, and where flags are moved all three of the issuer: what the change does not name stays as it is. */
function withMoved(change: FlagChange, { flags }: ServerStart, moved: readonly string[]): FlagChange {
  return moved.length === 0
    ? change
    : { ...issuerFlagsOf({ ...flags, issuers: [...new Set(flags.issuers)] }), ...change };
}

/** That a unit is to lose words and is written in a way that is not known. */
function unknownForm({ texts }: UnitStart, moved: readonly string[]): StartRefusal {
  const text = moved.join(" and ");
  const from = startingFile(texts)?.path ?? "its unit";
  return {
    refusal: "unit-form",
    message: `${commandLine} gives its API server ${text}, and ${from} is not written in a form that podtrust changes`,
    line: { from, text },
  };
}

/**
 * What a server will start with once our file `own` gives it other flags: the files that change, or why it would not start so. k3s
 * appends the command line to the files, so that flags of the issuer that stand there go into our file, in the order that is meant.
 * All else that other files and the command line say is counted in.
 */
export function startAfter(
  name: RancherName,
  unit: UnitStart,
  files: readonly ServerConfigFile[],
  { own, change }: { readonly own: string; readonly change: FlagChange },
): ChangedStart | StartRefusal {
  const now = openStart(name, unit, files);
  if ("refusal" in now) return now;
  const { flags: moved, command, file } = unitFlagWords(unit);
  if (moved.length > 0 && file === undefined) return unknownForm(unit, moved);
  const whole = withMoved(change, now.result(), moved);
  const main = serverConfigPath(name, unit);
  const changed = changeServerConfig(inReadingOrder(main, files), own, whole);
  const others = files.filter(({ path }) => !changed.some((one) => one.path === path));
  const after = inReadingOrder(main, [...others, ...changed]);
  const opening = now.changed(command, after);
  const start = opening.result();
  if (start.twice !== undefined) return start.twice;
  const difference = flagDifference(start.flags, meant(whole, opening.defaults));
  if (difference === undefined) return { files: changed, start, moved, ...defined({ unitFile: file }) };
  const line = culprit(after, opening.entries, own, difference);
  const by = line === undefined ? "" : `: ${line.from} has ${line.text}`;
  return {
    refusal: "differs",
    message: `its API server would start otherwise than meant: ${difference}${by}`,
    ...defined({ line }),
  };
}
