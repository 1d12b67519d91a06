import { isSealed } from "./record.ts";
import type { KeyFiles, RotationFacts, ServerKeys } from "./facts.ts";

/** What the files of an API server are to be; key IDs. */
export type FileTarget = Omit<KeyFiles, "privates">;

/** A server whose files or whose running process are not yet what a move wants. */
export interface ServerTarget {
  readonly server: string;
  readonly target: FileTarget;
}

/** The key that signs stands first: some distributions sign with the first of their file. */
function signedBy(files: KeyFiles, signing: string): FileTarget {
  return { verify: [signing, ...files.verify.filter((kid) => kid !== signing)], signing };
}

function stepsOf(
  { servers }: RotationFacts,
  target: (files: KeyFiles) => FileTarget,
  isDone: (server: ServerKeys) => boolean,
): readonly ServerTarget[] {
  return servers
    .filter((server) => !isDone(server))
    .map(({ name, files }) => ({ server: name, target: target(files) }));
}

/** `isHeld`: its private half has to be there too. */
const verifiesIt = (kid: string, isHeld: boolean) => (server: ServerKeys) =>
  server.verifies.includes(kid) &&
  server.files.verify.includes(kid) &&
  (!isHeld || server.files.privates.includes(kid));

const signsIt = (kid: string) => (server: ServerKeys) => server.signs === kid && server.files.signing === kid;

/** The next key stands behind the one that signs, at every API server. */
export function prepareSteps(facts: RotationFacts, kid: string): readonly ServerTarget[] {
  return stepsOf(
    facts,
    ({ verify, signing }) => ({ verify: [...verify.filter((one) => one !== kid), kid], signing }),
    verifiesIt(kid, !isSealed(facts.record, kid)),
  );
}

/** Every API server signs with a key that all of them verify: to promote, and to go back. */
export function signSteps(facts: RotationFacts, kid: string): readonly ServerTarget[] {
  return stepsOf(facts, (files) => signedBy(files, kid), signsIt(kid));
}

/** No API server verifies a key any more. */
export function removeSteps(facts: RotationFacts, kid: string): readonly ServerTarget[] {
  return stepsOf(
    facts,
    ({ verify, signing }) => ({ verify: verify.filter((one) => one !== kid), signing }),
    ({ verifies, files }) => !verifies.includes(kid) && !files.verify.includes(kid),
  );
}
