export { chanceForm, ruleForm } from "./forms.ts";
export { Mischief, type MischiefChance, type MischiefKinds, type MischiefRule } from "./mischief.ts";
export { openMischievousApi, type TransportMischief } from "./server.ts";
