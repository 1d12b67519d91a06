import { lstat } from "node:fs/promises";
import { asPodtrustError, type Clock, errorText, type Logger, PodtrustError } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import type { SentCredential } from "../../providers/kubernetes/index.ts";
import { parseSubject } from "../../rules/oidc/index.ts";
import type { PublishedCluster } from "./published-cluster.ts";

export interface TokenRenewalDeps {
  readonly cluster: PublishedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
}

const hour = 3_600_000;
// After a failure that may pass; a missing right is checked again after an hour.
const afterFailure = 600_000;
const shortestLife = 600_000;

/** The parameters of a new token, from the current one. */
interface Renewable {
  readonly file: string;
  readonly namespace: string;
  readonly name: string;
  readonly audiences: readonly string[] | "cluster";
  /** Milliseconds. */
  readonly life: number;
  readonly dueAt: number;
}

function renewable(credential: SentCredential | undefined): Renewable | undefined {
  const { file, issuer, subject, audiences, issuedAt, expiresAt } = credential ?? {};
  if (file === undefined || subject === undefined || audiences === undefined) return undefined;
  if (issuedAt === undefined || expiresAt === undefined || audiences.length === 0) return undefined;
  const account = parseSubject(subject);
  if (account === undefined) return undefined;
  const life = Math.max(expiresAt - issuedAt, shortestLife);
  // Each hour, so that a token also shows which key signs now. The API server's audiences are its issuers by default.
  // If those change, a token for the old ones alone would be refused once they are gone.
  const isDefault = issuer !== undefined && audiences.includes(issuer);
  const dueAt = issuedAt + Math.min(life / 2, hour);
  return { file, ...account, audiences: isDefault ? "cluster" : audiences, life, dueAt };
}

/** A symbolic link: a kubelet, or something like it, renews the file. */
async function isKeptByOthers(file: string): Promise<boolean> {
  return lstat(file).then(
    (facts) => facts.isSymbolicLink(),
    () => true,
  );
}

/**
 * Renews the token in the file that a publisher outside the cluster reads by, as long as the token is good and its
 * ServiceAccount may make tokens for itself (`podtrust manifests publisher-rbac --renew-token`). Without that right the
 * file is left to its own renewer.
 */
export class TokenRenewal {
  readonly #deps: TokenRenewalDeps;
  /** In milliseconds of `clock.elapsed()`. */
  #notBefore = -Infinity;
  #said = "";

  constructor(deps: TokenRenewalDeps) {
    this.#deps = deps;
  }

  /** Renews the token that was just sent, if it is due. Never rejects. */
  async renew(credential: SentCredential | undefined, signal: AbortSignal): Promise<void> {
    const { clock, logger, cluster } = this.#deps;
    const token = renewable(credential);
    if (token === undefined || cluster.requestToken === undefined) return;
    if (clock.now() < token.dueAt || clock.elapsed() < this.#notBefore) return;
    if (await isKeptByOthers(token.file)) return;
    try {
      const { namespace, name, audiences, life, file } = token;
      const spec = { audiences, expirationSeconds: Math.round(life / 1000) };
      const made = await cluster.requestToken(namespace, name, spec, { signal });
      await replaceText(file, `${made.token}\n`);
      this.#said = "";
      logger.debug("the publisher's own token was renewed", { file, until: made.expirationTimestamp });
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const { clock, logger } = this.#deps;
    const mayNot = error instanceof PodtrustError && error.code === "cluster-forbidden";
    this.#notBefore = clock.elapsed() + (mayNot ? hour : afterFailure);
    if (mayNot) {
      logger.debug("the publisher may not renew its own token", { error: errorText(error) });
      return;
    }
    const { message, next } = asPodtrustError(error);
    if (message !== this.#said)
      logger.warn(`the publisher's own token was not renewed: ${message}`, { next });
    this.#said = message;
  }
}
