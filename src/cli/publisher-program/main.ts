#!/usr/bin/env node
import { runProcess } from "../../core/terminal/index.ts";
import { defineRenewToken } from "../renew-token/command.ts";
import { defineRotate } from "../rotate/command.ts";
import { type CommandTree, runTree } from "../../core/command-line/index.ts";
import { defineServe } from "../serve/command.ts";

// What a publisher's machine needs and no more: `npm run release` makes one file of it.
const tree: CommandTree = {
  name: "podtrust-publisher",
  description: "Publish a cluster's OIDC discovery document and JWKS over HTTPS: podtrust's publisher alone.",
  groups: [{ title: "Commands", commands: [defineServe, defineRotate, defineRenewToken] }],
};

await runProcess(() => Promise.resolve((args, host) => runTree(args, host, tree)));
