/** A stack of real parts before something of it is broken: IAM and STS of the sandbox, an issuer's server, a cluster. */
import type { IAMClient } from "@aws-sdk/client-iam";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import { type ChainFacts, type ChainOptions, gatherChain } from "../../../src/doctor/chain/index.ts";
import { type ChainWorld, startChainWorld } from "../../support/chain-world.ts";

/** A stack, and the hands by which it is broken. */
export interface StackWorld extends AsyncDisposable {
  readonly chain: ChainWorld;
  readonly iam: IAMClient;
  /** The facts, with options of the test's own. */
  readonly gather: (options?: Partial<ChainOptions>) => Promise<ChainFacts>;
}

/** A whole stack that `up` made, unless `isUp` is false; the other settings are those of its sandbox. */
export async function newStack(
  { isUp = true, ...settings }: Parameters<typeof startChainWorld>[1] & { readonly isUp?: boolean } = {},
  clock: Clock = systemClock,
): Promise<StackWorld> {
  const chain = await startChainWorld(clock, settings);
  if (isUp) await chain.up();
  const iam = await chain.open({ region: "eu-central-1" }).iam();
  const { config, route, open } = chain;
  const { signal } = new AbortController();
  // No program of this machine is asked for the addresses of STS: none stands in the environment of a test.
  const env = { AWS_ENDPOINT_URL: "https://sts.invalid" };
  return {
    chain,
    iam,
    gather: (options = {}) => gatherChain({ config, route, open, clock, signal, env, ...options }),
    async [Symbol.asyncDispose]() {
      iam.destroy();
      await chain.close();
    },
  };
}
