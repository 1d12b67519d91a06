import { PodtrustError } from "../../core/base/index.ts";
import type { SignedAccount } from "./account.ts";
import { answerInvalid } from "./answer.ts";
import type { Authorization, Challenge } from "./order.ts";
import { AcmeProblem } from "./problem.ts";
import {
  type ChallengeSolver,
  type Identifier,
  keyAuthorization,
  type PresentedChallenge,
} from "./solver.ts";

interface Chosen {
  readonly solver: ChallengeSolver;
  readonly challenge: Challenge;
}

function choose(authorization: Authorization, solvers: readonly ChallengeSolver[]): Chosen {
  for (const solver of solvers) {
    const challenge = authorization.challenges.find((one) => one.type === solver.type && one.token !== "");
    if (challenge !== undefined) return { solver, challenge };
  }
  const offered = authorization.challenges.map((one) => one.type).join(", ");
  const ours = solvers.map((one) => one.type).join(", ");
  const name = authorization.identifier.value;
  throw new PodtrustError(
    "acme-no-solver",
    `${name}: the CA offers ${offered || "no challenge"}; set up is ${ours || "none"}`,
    { detail: { name, offered, setUp: ours } },
  );
}

function failed(authorization: Authorization, type: string): AcmeProblem {
  const name = authorization.identifier.value;
  const error = authorization.challenges.find((one) => one.type === type)?.error;
  const fallback = {
    type: "urn:ietf:params:acme:error:unauthorized",
    detail: `it is ${authorization.status}`,
  };
  return new AcmeProblem(error ?? fallback, {
    url: authorization.url,
    about: `${name} was not proved by ${type}`,
  });
}

/** The names to prove, and how. */
export interface Proofs {
  readonly identifiers: readonly Identifier[];
  /** In order of preference. */
  readonly solvers: readonly ChallengeSolver[];
}

// The authorization of a wildcard names what follows its `*.` (RFC 8555 §7.1.4).
function checkWanted({ url, identifier }: Authorization, { identifiers }: Proofs): void {
  const names = [identifier.value, `*.${identifier.value}`];
  if (identifiers.some(({ type, value }) => type === identifier.type && names.includes(value))) return;
  throw answerInvalid(url, `it is of ${identifier.value}, for which nothing was ordered`);
}

/**
 * Proves one name, unless the CA already considers it proved (RFC 8555 §7.5.1). The challenge is cleaned up before this
 * returns or throws; an authorization that stays undecided is deactivated, so that it does not count against the CA's
 * limits.
 */
export async function authorize(
  account: SignedAccount,
  url: string,
  proofs: Proofs,
  signal?: AbortSignal,
): Promise<void> {
  const authorization = await account.authorization(url, signal);
  checkWanted(authorization, proofs);
  if (authorization.status === "valid") return;
  if (authorization.status !== "pending")
    throw failed(authorization, authorization.challenges[0]?.type ?? "any challenge");
  const { solver, challenge } = choose(authorization, proofs.solvers);
  const { identifier, wildcard } = authorization;
  const presented: PresentedChallenge = {
    type: challenge.type,
    identifier,
    wildcard,
    token: challenge.token,
    keyAuthorization: keyAuthorization(challenge.token, account.key.thumbprint),
  };
  const { logger } = account.session;
  let open = true;
  try {
    await solver.present(presented, signal);
    if (challenge.status === "pending") await account.respond(challenge, signal);
    const decided = await account.waitForAuthorization(url, signal);
    open = false;
    if (decided.status !== "valid") throw failed(decided, challenge.type);
    logger.info("name proved", { name: identifier.value, challenge: challenge.type });
  } finally {
    if (open) await giveUp(account, url);
    await solver.cleanup(presented).catch((error: unknown) => {
      logger.warn("a challenge could not be cleaned up", { name: identifier.value, error: String(error) });
    });
  }
}

async function giveUp(account: SignedAccount, url: string): Promise<void> {
  // Best effort, on its own short time: the error on its way is the one that counts.
  await account.deactivateAuthorization(url, AbortSignal.timeout(5000)).catch(() => {});
}
