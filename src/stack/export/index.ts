export { ansibleInventory, ansibleVars } from "./ansible.ts";
export { type OpenTofuSpec, openTofuText } from "./opentofu.ts";
