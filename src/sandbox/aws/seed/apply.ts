import { randomUUID } from "node:crypto";
import { defined, PodtrustError } from "../../../core/base/index.ts";
import { callerOf } from "../access/caller.ts";
import { type Account, spreadRoles } from "../state/account.ts";
import { AwsError } from "../wire/error.ts";
import { performHere } from "../wire/in-process.ts";
import type { Service } from "../wire/service.ts";
import { type SeedOperation, seedOperations } from "./operations.ts";
import { readSeed } from "./read.ts";
import type { Seed } from "./seed.ts";

export interface SeedTarget {
  readonly account: Account;
  readonly services: readonly Service[];
  /** The administrator's, who runs the seed. */
  readonly accessKeyId: string;
  /** Milliseconds. */
  readonly now: () => number;
  readonly persist: () => Promise<void>;
}

async function perform(
  target: SeedTarget,
  { service, operation, params, region }: SeedOperation,
): Promise<void> {
  const found = target.services.find(({ name }) => name === service);
  if (found === undefined) throw new TypeError(`the sandbox has no service ${service}`);
  await performHere(found, operation, params, {
    requestId: randomUUID(),
    now: target.now(),
    caller: callerOf(target.account, target.accessKeyId),
    region,
    sourceAddress: "127.0.0.1",
    userAgent: "podtrust",
    signal: new AbortController().signal,
    note() {
      // A seed is no client's request, and no decision is recorded.
    },
  });
}

function refused(of: string, operation: string, error: AwsError): PodtrustError {
  const { code, message, next } = error;
  return new PodtrustError("sandbox-seed", `${of}: ${operation}: ${code}: ${message}`, {
    cause: error,
    ...defined({ next }),
    detail: { of, operation, awsCode: code, awsMessage: message },
  });
}

/**
 * Creates what a seed describes, piece by piece, with AWS's own operations. Throws `sandbox-seed` at the first that AWS
 * would refuse, with AWS's code and sentence; what came before it stays.
 */
export async function applySeed(target: SeedTarget, seed: Seed): Promise<void> {
  const { roles = [], ...rest } = readSeed(seed);
  try {
    for (const one of seedOperations({ ...rest, roles })) {
      try {
        await perform(target, one);
      } catch (error) {
        throw error instanceof AwsError ? refused(one.of, one.operation, error) : error;
      }
    }
  } finally {
    spreadRoles(
      target.account,
      roles.map(({ name }) => name),
    );
    await target.persist();
  }
}
