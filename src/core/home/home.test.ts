import assert from "node:assert/strict";
import { test } from "node:test";
import { homeDirectory } from "./index.ts";

const unknown = (): string => {
  throw new Error("uv_os_homedir returned ENOENT");
};

test("the home directory is HOME, else what the system says of the user", () => {
  assert.equal(homeDirectory({ HOME: "/home/op" }, unknown), "/home/op");
  assert.equal(
    homeDirectory({ HOME: "" }, () => "/root"),
    "/root",
  );
});

test("where nobody knows a home directory, that is said with what can be set in its place", () => {
  assert.throws(() => homeDirectory({}, unknown), {
    code: "home-unknown",
    message: /HOME is not set/u,
    next: /publisher\.stateDir/u,
  });
});
