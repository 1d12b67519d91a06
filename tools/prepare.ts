/**
 * npm runs this (`prepare`) after it has installed the packages of a checkout, where nothing is to be built yet, and
 * before it packs what a user installs by a git address. There `npm install` was typed elsewhere, and a package without
 * its build would be a dead link. `npm pack` and `npm publish` build by `prepack`.
 */
import { relative } from "node:path";
import process from "node:process";

const { INIT_CWD: typedIn } = process.env;
const isElsewhere = typedIn !== undefined && relative(process.cwd(), typedIn).startsWith("..");
if (isElsewhere) await import("./build.ts");
