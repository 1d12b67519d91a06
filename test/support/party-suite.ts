import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Host } from "../../src/cli/index.ts";
import { type ChildOptions, type CliResult, podtrustChild } from "./cli.ts";
import { identity, otherIdentity } from "./stack-owner.ts";
import type { Shown } from "./stack-world.ts";

/** What somebody may change by hand of what podtrust made. */
export interface PartyDrift {
  readonly what: string;
  readonly change: () => Promise<void>;
  /** The option without which `up` does not mend it. */
  readonly allowing?: string;
}

/** What becomes of a request: it is done, and the answer comes or is lost. */
export type PartyFate = "answered" | "lost";

/** A relying party, a folder with a config of it, and the command line. */
export interface PartyWorld {
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  /** The same where it has to succeed; gives what it said. */
  must(args: readonly string[]): Promise<string>;
  json(args: readonly string[]): Promise<{ readonly code: number | null; readonly result: Shown }>;
  /** What a plan would change. */
  planned(...args: readonly string[]): Promise<readonly string[]>;
  /** All that stands at the relying party, field by field, whoever made it: the same whenever it was made. */
  standing(): Promise<unknown>;
  /** Empties the relying party but for what others have there, and writes the config. */
  reset(): Promise<void>;
  /** Requests since then, as `METHOD …`. */
  readonly calls: string[];
  isWrite(call: string): boolean;
  /** Asks for the fate of each request from now on. */
  watch(fate: (call: string) => PartyFate): void;
  /** How the program itself is run on that folder. */
  child(args: readonly string[]): { readonly args: readonly string[] } & ChildOptions;
  readonly drifts: readonly PartyDrift[];
  /** Takes the identity off each mark of the stack, as an earlier podtrust made it. */
  unmark(): Promise<void>;
  close(): Promise<void>;
}

export interface PartySuite {
  /** `a config's OpenBao` */
  readonly name: string;
  /** Why it cannot run here. */
  readonly skip?: string | undefined;
  /** The least number of requests of one `up` and of one `down`, so that a test of each of them tests something. */
  readonly calls: { readonly up: number; readonly down: number };
  readonly open: () => Promise<PartyWorld>;
}

/** What podtrust promises of whatever it makes, at every relying party alike: one suite, and a world for each. */
export function testParty({ name, skip, calls: least, open }: PartySuite): void {
  describe(name, { skip: skip ?? false }, () => {
    let world: PartyWorld;
    let empty: unknown;

    before(async () => {
      world = await open();
    });
    beforeEach(async () => {
      world.watch(() => "answered");
      await world.reset();
      empty = await world.standing();
      world.calls.splice(0);
    });
    after(() => world?.close());

    const writes = (): readonly string[] => world.calls.filter((call) => world.isWrite(call));

    /** Runs a command whose host ends it at its n-th request; gives how many it got to do. */
    async function endedAt(n: number, args: readonly string[]): Promise<number> {
      const ending = new AbortController();
      let calls = 0;
      world.watch(() => {
        calls += 1;
        if (calls === n) ending.abort();
        return "answered";
      });
      await world.podtrust(args, { signal: ending.signal });
      world.watch(() => "answered");
      return calls;
    }

    test("is made as planned, and a second run writes nothing; down leaves nothing of it, however often", async () => {
      const planned = await world.planned();
      assert.ok(planned.length > 1 && planned.every((one) => one.startsWith("create ")), planned.join());
      assert.deepEqual(writes(), [], "plan writes nothing");
      const { code, result } = await world.json(["up", "--yes"]);
      assert.deepEqual([code, result.failed, result.done.length], [0, [], planned.length]);
      world.calls.splice(0);
      assert.deepEqual(await world.planned(), []);
      await world.must(["plan", "--check"]);
      await world.must(["up"]);
      assert.deepEqual(writes(), [], "the second run writes nothing");
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), empty);
      await world.must(["down"]);
    });

    test("is mended where somebody has changed it", async () => {
      await world.must(["up", "--yes"]);
      const made = await world.standing();
      for (const { what, change, allowing } of world.drifts) {
        await change();
        assert.notDeepEqual(await world.standing(), made, what);
        const allowed = allowing === undefined ? [] : [allowing];
        if (allowing !== undefined) assert.equal((await world.podtrust(["up", "--yes"])).code, 1, what);
        assert.equal((await world.podtrust(["plan", "--check", ...allowed])).code, 3, what);
        await world.must(["up", "--yes", ...allowed]);
        await world.must(["plan", "--check"]);
        assert.deepEqual(await world.standing(), made, what);
      }
    });

    test("marked before there were identities is taken over once, and goes with the stack", async () => {
      await world.must(["up", "--yes"]);
      await world.unmark();
      assert.equal((await world.podtrust(["plan", "--check"])).code, 3);
      await world.must(["up", "--yes"]);
      world.calls.splice(0);
      await world.must(["plan", "--check"]);
      await world.must(["up", "--yes"]);
      assert.deepEqual(writes(), [], "once");
      await world.unmark();
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), empty);
    });

    test("marked before there were identities, and for another issuer, is another config's: up and down are refused", async () => {
      await world.must(["up", "--yes"]);
      await world.unmark();
      const made = await world.standing();
      const file = join(world.child([]).cwd ?? "", "podtrust.yaml");
      const text = (await readFile(file, "utf8")).replace(identity, otherIdentity);
      await writeFile(file, text.replace(/^issuer: .*$/mu, "issuer: https://b.example.com"));
      assert.equal((await world.podtrust(["up", "--yes"])).code, 1);
      const { code, err } = await world.podtrust(["down", "--yes"]);
      assert.equal(code, 1);
      assert.match(err, /are refused from then on: the config's issuer is https:\/\/b\.example\.com/u);
      assert.deepEqual(await world.standing(), made);
    });

    test("of the same name with another identity is another config's: its up and its down change nothing", async () => {
      await world.must(["up", "--yes"]);
      const made = await world.standing();
      const file = join(world.child([]).cwd ?? "", "podtrust.yaml");
      await writeFile(file, (await readFile(file, "utf8")).replace(identity, otherIdentity));
      const { out, err } = await world.podtrust(["up", "--yes"]);
      const whose = `another podtrust stack "prod" (identity ${identity}; this config's is ${otherIdentity})`;
      assert.ok((out + err).includes(whose), out + err);
      assert.deepEqual(await world.standing(), made);
      await world.podtrust(["down", "--confirm", "prod"]);
      await world.podtrust(["down", "--yes"]);
      assert.deepEqual(await world.standing(), made);
    });

    test("ended at any of its calls is finished by the next run, up and down", async () => {
      const up = await endedAt(Infinity, ["up", "--yes"]);
      const whole = await world.standing();
      const down = await endedAt(Infinity, ["down", "--yes"]);
      assert.ok(up >= least.up && down >= least.down, `${up} calls up, ${down} down`);
      for (let n = 1; n <= Math.max(up, down); n += 1) {
        await endedAt(n, ["up", "--yes"]);
        await world.must(["up", "--yes"]);
        assert.deepEqual(await world.standing(), whole, `up, ended at call ${n}`);
        await endedAt(n, ["down", "--yes"]);
        await world.must(["down", "--yes"]);
        assert.deepEqual(await world.standing(), empty, `down, ended at call ${n}`);
      }
    });

    test("killed at one of its writes is finished by the next run, up and down", async () => {
      const killedAt = async (n: number, typed: readonly string[]): Promise<void> => {
        let count = 0;
        const { args, ...options } = world.child(typed);
        const { code } = await podtrustChild(args, {
          ...options,
          onStart(kill) {
            world.watch((call) => {
              count += Number(world.isWrite(call));
              if (count === n) kill("SIGKILL");
              return "answered";
            });
          },
        });
        world.watch(() => "answered");
        assert.equal(code, null, "it was killed");
      };
      await killedAt(2, ["up", "--yes"]);
      await world.must(["up", "--yes"]);
      assert.deepEqual(await world.planned(), []);
      await killedAt(2, ["down", "--yes"]);
      await world.must(["down", "--yes"]);
      assert.deepEqual(await world.standing(), empty);
    });

    test("makes each thing once where the answer to every first call was lost", async () => {
      const losing = (): void => {
        const seen = new Set<string>();
        world.watch((call) => {
          const fate = seen.has(call) ? "answered" : "lost";
          seen.add(call);
          return fate;
        });
      };
      losing();
      await world.must(["up", "--yes"]);
      world.watch(() => "answered");
      assert.deepEqual(await world.planned(), []);
      losing();
      await world.must(["down", "--yes"]);
      world.watch(() => "answered");
      assert.deepEqual(await world.standing(), empty);
    });

    test("is whole after two runs at once, and gone after two more", async () => {
      await world.must(["up", "--yes"]);
      const whole = await world.standing();
      await world.must(["down", "--yes"]);
      const both = await Promise.all([world.json(["up", "--yes"]), world.json(["up", "--yes"])]);
      const failures = both.flatMap(({ result }) => result.failed.map(({ error }) => error.code));
      // One that finds what the other has made in between says so, and makes nothing of its own.
      assert.deepEqual(
        failures.filter((one) => one !== "plan-changed"),
        [],
      );
      await world.must(["up", "--yes"]);
      assert.deepEqual(await world.planned(), []);
      assert.deepEqual(await world.standing(), whole);
      await Promise.all([world.podtrust(["down", "--yes"]), world.podtrust(["down", "--yes"])]);
      assert.deepEqual(await world.planned("--down"), []);
      assert.deepEqual(await world.standing(), empty);
    });
  });
}
