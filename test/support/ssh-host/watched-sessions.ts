import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * What happens at a session:
 * - `answer lost`: it is done, and the connection is cut before its answer;
 * - `input lost`: the connection is cut in the middle of what it reads, of the script itself where it reads nothing;
 * - `each call`: at each session whose script was not there before it is both, one after the other, input first; `at`: of so
 *   many new scripts at one;
 * - `held`: it waits a while, so that whoever asked can be killed meanwhile.
 */
export type SessionFault = "answer lost" | "input lost" | "each call" | "held";

/** A session as it was asked for. */
export interface WatchedSession {
  readonly script: string;
  /** It reads something after its script. */
  readonly hasInput: boolean;
}

/**
 * Shell, for a session's start: counts sessions while the folder `$W` is there, keeps what each reads, and does what its
 * file `fault` says (`NUMBER KIND`). The shared connection's own session is none. `session` runs what was asked for.
 */
export const watchedStart = (folder: string): string => `
W='${folder}'
case $SSH_ORIGINAL_COMMAND in 'exec cat >/dev/null') session; exit $? ;; esac
[ -d "$W" ] || { session; exit $?; }
n=$(($(ls "$W" | grep -c '^session-') + 1))
# Two that begin at once would take one number, and run one script.
until (set -C; : >"$W/session-$n") 2>/dev/null; do n=$((n + 1)); done
read -r at kind <"$W/fault" 2>/dev/null || at=0 kind=none
if [ "$at" = "$n" ] && [ "$kind" = held ]; then : >"$W/reached"; sleep 1; session; : >"$W/ended"; exit; fi
cat >"$W/session-$n"
if [ "$at" != "$n" ] && [ "$kind" != each ]; then session <"$W/session-$n"; exit $?; fi
all=$(wc -c <"$W/session-$n")
size=$(head -n 1 "$W/session-$n")
end=$((\${#size} + 1 + size))
most=$all
if [ "$kind" = each ]; then
  sum=$(head -c "$end" "$W/session-$n" | sha256sum | cut -d' ' -f1)
  if [ ! -e "$W/known-$sum" ]; then
    known=$(ls "$W" | grep -c '^known-')
    : >"$W/known-$sum"
    [ $((known % at)) -ne 0 ] || : >"$W/chosen-$sum"
  fi
  if [ ! -e "$W/chosen-$sum" ]; then session <"$W/session-$n"; exit $?
  elif [ "$all" -gt "$end" ] && [ ! -e "$W/cut-input-$sum" ]; then
    : >"$W/cut-input-$sum"
    most=$(((end + all) / 2))
  elif [ ! -e "$W/cut-answer-$sum" ]; then : >"$W/cut-answer-$sum"
  else session <"$W/session-$n"; exit $?; fi
elif [ "$kind" = input ]; then
  if [ "$all" -gt "$end" ]; then most=$(((end + all) / 2)); else most=$((end - size / 2)); fi
fi
head -c "$most" "$W/session-$n" | session >/dev/null 2>&1
kill -KILL "$PPID"
`;

const kinds: Readonly<Record<SessionFault, string>> = {
  "answer lost": "answer",
  "input lost": "input",
  "each call": "each",
  held: "held",
};

/** Counts from now on, from 1, and has something happen at one of the sessions. */
export async function watchSessions(folder: string, at = 0, fault: SessionFault = "held"): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await writeFile(join(folder, "fault"), `${at} ${kinds[fault]}\n`);
}

/** Whether a session that is held has begun, and whether it has ended. */
export function heldSession(folder: string): { readonly hasBegun: boolean; readonly hasEnded: boolean } {
  return { hasBegun: existsSync(join(folder, "reached")), hasEnded: existsSync(join(folder, "ended")) };
}

/** How many of them were cut by `each call`. */
export async function cutSessions(folder: string): Promise<number> {
  return (await readdir(folder)).filter((name) => name.startsWith("cut-")).length;
}

/** The sessions since then, in their order. */
export async function watchedSessions(folder: string): Promise<readonly WatchedSession[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith("session-"));
  return Promise.all(
    names.map(async (_, index) => {
      const bytes = await readFile(join(folder, `session-${index + 1}`));
      const start = bytes.indexOf("\n") + 1;
      const end = start + Number(bytes.subarray(0, start).toString());
      return { script: bytes.subarray(start, end).toString(), hasInput: bytes.length > end };
    }),
  );
}
