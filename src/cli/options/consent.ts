import { createHash } from "node:crypto";
import { PodtrustError } from "../../core/base/index.ts";
import type { Consent, ConsentRequest } from "../../core/credentials/index.ts";
import { personStateDir } from "../../config/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import type { CommandContext } from "../context.ts";
import { ask, canAsk } from "../../core/terminal/index.ts";

// No stack can have such a name, so they do not collide with stacks' folders.
const folderNames = { program: ".exec-plugins", credential: ".credentials" } as const;

/** Consent is for one digest of one subject: if either changes, it is asked again. */
function recordName({ subject, digest }: ConsentRequest): string {
  return createHash("sha256").update(`${subject}\0${digest}`).digest("hex");
}

async function asked(context: CommandContext, request: ConsentRequest): Promise<boolean> {
  const { kind, subject, says, what, question, digest } = request;
  // Only now: a service's user has no home directory, and nothing to be asked about.
  const remembered = new StateFolder(personStateDir(context.env)).folder(folderNames[kind]);
  const name = recordName(request);
  if ((await remembered.read(name)) !== undefined) return true;
  if (!canAsk(context)) return false;
  const { err } = context.screen;
  err.line(`${says}:`, 2);
  err.line(`  ${what}`, 4);
  const ended = (): PodtrustError =>
    new PodtrustError("interrupted", "ended at the question: it was not done");
  if (!(await ask(context, question, ended))) return false;
  await remembered.replace(name, `${JSON.stringify({ subject, what, digest }, undefined, 2)}\n`);
  return true;
}

/**
 * Asks on the terminal, once, whether that may be done which a file wants that is not the user's own: a program of a
 * kubeconfig run, a credential sent to a config's address. A yes is remembered below $XDG_STATE_HOME/podtrust; without a
 * terminal what is not remembered is no. One question at a time; what was answered is not asked again by this process.
 */
export function consentOf(context: CommandContext): Consent {
  const answers = new Map<string, Promise<boolean>>();
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const name = recordName(request);
    const known = answers.get(name);
    if (known !== undefined) return known;
    const answer = last.then(() => asked(context, request));
    answers.set(name, answer);
    // Where nobody can be asked, a yes may yet be remembered by another process.
    const forget = (): void => void (canAsk(context) || answers.delete(name));
    last = answer.then(forget, forget);
    return answer;
  };
}
