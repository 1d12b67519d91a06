import type { ChallengeSolver } from "./solver.ts";

/** HTTP-01 (RFC 8555 §8.3) from memory. */
export interface Http01Solver extends ChallengeSolver {
  readonly type: "http-01";
  /**
   * The body for `GET /.well-known/acme-challenge/TOKEN` on port 80, as `application/octet-stream`; undefined
   * (404) for a token that is not presented.
   */
  http01(token: string): string | undefined;
}

/** A solver whose answers a listener on port 80 looks up. */
export function http01Solver(): Http01Solver {
  const answers = new Map<string, string>();
  return {
    type: "http-01",
    http01: (token) => answers.get(token),
    present(challenge) {
      answers.set(challenge.token, challenge.keyAuthorization);
      return Promise.resolve();
    },
    cleanup(challenge) {
      answers.delete(challenge.token);
      return Promise.resolve();
    },
  };
}
