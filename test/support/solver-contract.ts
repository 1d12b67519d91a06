import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChallengeSolver, PresentedChallenge } from "../../src/providers/acme/index.ts";

/** A solver, and a validator's eye for it. */
export interface SolverUnderTest {
  readonly solver: ChallengeSolver;
  /** Whether a validator of this challenge would now find what it looks for. */
  readonly answered: (challenge: PresentedChallenge) => Promise<boolean>;
}

function challenge(type: string, name: string, token: string): PresentedChallenge {
  return {
    type,
    identifier: { type: "dns", value: name },
    wildcard: false,
    token,
    keyAuthorization: `${token}.thumbprint`,
  };
}

/** The contract of ChallengeSolver, for every implementation. */
export function solverContract(name: string, make: () => SolverUnderTest | Promise<SolverUnderTest>): void {
  const cases = async (): Promise<SolverUnderTest & { one: PresentedChallenge; two: PresentedChallenge }> => {
    const made = await make();
    const { type } = made.solver;
    const [one, two] = [challenge(type, "a.example", "token-1"), challenge(type, "b.example", "token-2")];
    return { ...made, one, two };
  };

  test(`${name}: validators are answered from present until cleanup, however often they ask`, async () => {
    const { solver, answered, one } = await cases();
    assert.equal(await answered(one), false);
    await solver.present(one);
    for (let asked = 0; asked < 5; asked += 1) assert.equal(await answered(one), true);
    await solver.cleanup(one);
    assert.equal(await answered(one), false);
  });

  test(`${name}: challenges stand side by side, also of one name`, async () => {
    const { solver, answered, one, two } = await cases();
    const again = { ...one, token: "token-3", keyAuthorization: "token-3.thumbprint" };
    await Promise.all([solver.present(one), solver.present(two)]);
    assert.deepEqual([await answered(one), await answered(two)], [true, true]);
    await solver.cleanup(one);
    assert.deepEqual([await answered(one), await answered(two)], [false, true]);
    await solver.present(again);
    assert.deepEqual([await answered(one), await answered(again)], [false, true]);
    await solver.cleanup(one);
    assert.equal(await answered(again), true, "cleaning up what is gone leaves the others");
    await Promise.all([solver.cleanup(again), solver.cleanup(two)]);
    assert.deepEqual([await answered(again), await answered(two)], [false, false]);
  });

  test(`${name}: presenting twice is as presenting once, and cleaning up what never stood does nothing`, async () => {
    const { solver, answered, one } = await cases();
    await solver.cleanup(one);
    await solver.present(one);
    await solver.present(one);
    assert.equal(await answered(one), true);
    await solver.cleanup(one);
    assert.equal(await answered(one), false);
    await solver.cleanup(one);
  });
}
