import assert from "node:assert/strict";
import { connectSandbox, startSandbox } from "@podtrust/sandbox";

// Once for all test files:
await using started = await startSandbox();

// In each of them an account of its own: what it makes, moves and asks about is in no other's way.
const inOneFile = async (color: string) => {
  const sandbox = await connectSandbox({ url: started.url, token: started.controlToken });
  await using account = await sandbox.newAccount();
  await account.seed({ parameters: [{ name: "/cart/color", value: color }] });
  await account.clock.advance(3_600_000);
  await account.reset();
  return account.account; // stands in its ARNs: arn:aws:iam::ACCOUNT:role/cart
};

const accounts = await Promise.all(["red", "green", "blue"].map(inOneFile));
assert.equal(new Set([started.account, ...accounts]).size, 4);
assert.ok(started.clock.ahead === 0);
