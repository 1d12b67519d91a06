import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HeapMode } from "./heap.ts";

function heap() {
  const said: string[] = [];
  const mode = new HeapMode({
    prefersSpeed: () => said.push("speed"),
    prefersRoom: () => said.push("room"),
  });
  return { mode, said };
}

/** How a heap is controlled in these seconds, each with the keys that wait, and the MB that are resident where they are many. */
function controlsOver(...seconds: readonly (number | readonly [number, number])[]): readonly string[] {
  const { mode, said } = heap();
  return seconds.map((second) => {
    const [waiting, megabytes] = typeof second === "object" ? second : [second, 100];
    said.length = 0;
    mode.second(waiting, megabytes * 1e6);
    return said.join();
  });
}

describe("the operator's heap", () => {
  test("is small from the start, also where some keys wait", () => {
    const { mode, said } = heap();
    assert.deepEqual(said, ["room"]);
    for (const waiting of [0, 99, 5]) mode.second(waiting, 0);
    assert.deepEqual(said, ["room"]);
  });

  test("has room as soon as much is to be done, and is made small after five seconds in a row with little", () => {
    assert.equal(controlsOver(0, 1000, 500, 0, 0, 0, 0, 0, 0).join(" "), " speed      room ");
    assert.equal(controlsOver(100, 0, 0, 0, 99, 100, 0, 0, 0, 0, 0).join(" "), "speed          room");
  });

  test("is made small again after each minute with little to do", () => {
    const seconds = controlsOver(1000, ...Array.from({ length: 200 }, () => 0));
    assert.deepEqual(
      seconds.flatMap((said, second) => (said === "" ? [] : [`${said} ${second}`])),
      ["speed 0", "room 5", "room 60", "room 120", "room 180"],
    );
  });

  test("is made small where the process grows too large, and stays so until what is to be done is done", () => {
    const grown = controlsOver(1000, [1000, 199], [1000, 201], 1000, 500, 0, 0, 0, 0, 0, 1000);
    assert.deepEqual(grown.join(" "), "speed  room        speed");
  });
});
