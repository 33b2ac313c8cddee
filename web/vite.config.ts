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
		/*
		 * What several pages share goes with one of them or the shell, never alone: fewer requests.
		 * The inbox, which most open first, is one file with what only it and the journal scroll by.
		 */
		rollupOptions: {
			output: {
				experimentalMinChunkSize: 30_000,
				manualChunks: (id) =>
					/\/pages\/inbox\/|\/@tanstack\/[\w-]*virtual/.test(id) ? "inbox" : null,
				/* Without it what the shell has too would go along; the next Rollup knows no other way. */
				// eslint-disable-next-line @typescript-eslint/no-deprecated
				onlyExplicitManualChunks: true,
			},
		},
	},
	css: { modules: { generateScopedName: "[name]_[local]_[hash:base64:4]" } },
	test: { include: ["src/**/*.test.ts"] },
}));
