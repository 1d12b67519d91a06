import { randomInt } from "node:crypto";
import type * as IamApi from "@aws-sdk/client-iam";
import { backoffDelay, defined, PodtrustError, retry, type RetrySchedule } from "../../core/base/index.ts";
import { awsError, isAwsCode, isTransient } from "./failure.ts";
import type { AwsSession } from "./session.ts";

type Api = typeof IamApi;
type Options = { abortSignal?: AbortSignal };
type Call<T> = (client: IamApi.IAMClient, api: Api, options: Options) => Promise<T>;

// Two writers at one resource: IAM asks both to retry (ConcurrentModification).
const retries: RetrySchedule = {
  name: "another caller is changing the same thing",
  delays: [250, 500, 1000, 2000],
  giveUpAfter: 15_000,
};

// As in the SDK's standard mode: growing waits with full jitter. They end after a number of tries.
const backoff = { first: 200, max: 1600, chance: (below: number): number => randomInt(below) };
const trouble = (): RetrySchedule => ({
  name: "AWS is in trouble, or cannot be reached",
  delays: [1, 2, 3, 4].map((failures) => backoffDelay(failures, backoff)),
  giveUpAfter: Infinity,
});

async function call<T>(session: AwsSession, signal: AbortSignal | undefined, work: Call<T>): Promise<T> {
  const [client, api] = await Promise.all([session.iam(), import("@aws-sdk/client-iam")]);
  const options = defined({ abortSignal: signal });
  let attempts = 0;
  const attempt = (): Promise<T> => {
    attempts += 1;
    return session.pace.run(() => work(client, api, options), signal);
  };
  return retry(attempt, {
    schedule: trouble(),
    clock: session.clock,
    retryable: (thrown) => attempts < session.attempts && signal?.aborted !== true && isTransient(thrown),
    ...defined({ signal }),
  });
}

/** Reads and changes IAM for one piece of work: `during` says in words what a call is for. */
export interface Iam {
  /** Undefined when the caller may not. */
  allowed<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Undefined when IAM says that there is no such thing. */
  read<T>(during: string, work: Call<T>): Promise<T | undefined>;
  /** Tried again while another writer is at the same resource. */
  change<T>(during: string, work: Call<T>): Promise<T>;
  /** A deletion: that it is gone already is success. */
  remove(during: string, work: Call<unknown>): Promise<void>;
}

/** IAM of a session. The client is loaded at the first call. */
export function iamOf(session: AwsSession, signal?: AbortSignal): Iam {
  const again = <T>(work: Call<T>): Promise<T> =>
    retry(() => call(session, signal, work), {
      schedule: retries,
      clock: session.clock,
      retryable: (error) => isAwsCode(error, "ConcurrentModification"),
      ...defined({ signal }),
    });
  return {
    async allowed(work) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof PodtrustError && error.code === "aws-denied") return undefined;
        throw error;
      }
    },
    async read(during, work) {
      try {
        return await call(session, signal, work);
      } catch (thrown) {
        if (isAwsCode(thrown, "NoSuchEntity")) return undefined;
        throw awsError(thrown, during);
      }
    },
    async change(during, work) {
      try {
        return await again(work);
      } catch (thrown) {
        throw awsError(thrown, during);
      }
    },
    async remove(during, work) {
      try {
        await again(work);
      } catch (thrown) {
        if (!isAwsCode(thrown, "NoSuchEntity")) throw awsError(thrown, during);
      }
    },
  };
}
