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

test("an unknown home directory is an error that says what to set", () => {
  assert.throws(() => homeDirectory({}, unknown), {
    code: "home-unknown",
    message: /HOME is not set/u,
    next: /publisher\.stateDir/u,
  });
});
