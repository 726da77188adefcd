// Behaviour that every screen shares. Each part only speeds up something that works without it.
import { setUpTheme } from "./frame_theme.js";
import { setUpKeys } from "./frame_keys.js";
import { setUpDialogs } from "./frame_dialogs.js";
import { setUpRequests } from "./frame_requests.js";

setUpTheme();
setUpKeys();
setUpDialogs();
setUpRequests();

// Of a strip of tabs that is wider than the screen, the current one is in view.
document.querySelector(".pc-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const summary = document.querySelector(".pc-error-summary");
if (summary) summary.focus();
