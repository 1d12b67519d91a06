#!/usr/bin/env node
import { runProcess } from "../../core/terminal/index.ts";
import { type CommandTree, runTree } from "../../core/command-line/index.ts";

// Only what a publisher's machine needs: `npm run release` makes one file of it.
const tree: CommandTree = {
  name: "podtrust-publisher",
  description: "Publish a cluster's OIDC discovery document and JWKS over HTTPS: podtrust's publisher alone.",
  groups: [
    {
      title: "Commands",
      commands: [
        {
          name: "serve",
          lasting: true,
          description:
            "serve the cluster's OIDC discovery document and JWKS over HTTPS, with a certificate from Let's Encrypt",
          load: () => import("../serve/command.ts"),
        },
        {
          name: "rotate",
          description: "show, distrust and restore the signing keys that the publisher serves as JWKS",
          load: () => import("../rotate/command.ts"),
        },
        {
          name: "renew-token",
          hidden: true,
          description: "renew the token by which the publisher on this machine reads the cluster",
          load: () => import("../renew-token/command.ts"),
        },
      ],
    },
  ],
};

await runProcess(process, () => Promise.resolve((args, host) => runTree(args, host, tree)));
