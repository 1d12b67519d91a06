import { nextTick, onMounted, watch } from "vue";
import { useRoute } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import CheckToken from "./CheckToken.vue";
import "./style.css";

/** Scrolls the side bar, and nothing else, to the page that is read: on a page of a cause it is far down. */
function showPlace() {
  const bar = document.querySelector(".VPSidebar");
  const place = bar?.querySelector(".VPSidebarItem.is-active > .item");
  if (!place) return;
  const { top, bottom, height } = bar.getBoundingClientRect();
  const at = place.getBoundingClientRect();
  if (at.top < top || at.bottom > bottom) bar.scrollTop += at.top - top - height / 2;
}

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    // Groups unfold once the page is there.
    const show = () => nextTick(() => requestAnimationFrame(showPlace));
    onMounted(show);
    watch(() => route.path, show);
  },
  enhanceApp({ app }) {
    app.component("CheckToken", CheckToken);
  },
};
