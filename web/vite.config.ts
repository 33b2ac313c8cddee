/*
 * How the page is built and tried. One style sheet and few, hashed files: the first load is the
 * document, the shell, the style sheet, the font and one page. The development server alone knows
 * dev-proxy.ts; nothing of it is in what is built.
 */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { devProxy } from "./dev-proxy";

export default defineConfig(({ command }) => ({
	plugins: [react()],
	server: command === "serve" ? { proxy: devProxy(process.env) } : {},
	build: {
		target: "es2022",
		cssCodeSplit: false,
		modulePreload: { polyfill: false },
		assetsInlineLimit: 0,
		reportCompressedSize: false,
		/* What several pages share goes with one of them or the shell, never alone: fewer requests. */
		rollupOptions: { output: { experimentalMinChunkSize: 30_000 } },
	},
	css: { modules: { generateScopedName: "[name]_[local]_[hash:base64:4]" } },
	test: { include: ["src/**/*.test.ts"] },
}));
