import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

export default ts.config(
	{ ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
	js.configs.recommended,
	...ts.configs.strictTypeChecked,
	a11y.flatConfigs.recommended,
	{
		languageOptions: {
			parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } },
		},
		plugins: { "react-hooks": hooks },
		rules: {
			"react-hooks/rules-of-hooks": "error",
			"react-hooks/exhaustive-deps": "error",
			"@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
			"@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
			"@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
			"jsx-a11y/no-autofocus": "off",
			/* What customers record has no captions; what scrolls must be reachable by key. */
			"jsx-a11y/media-has-caption": "off",
			"jsx-a11y/no-noninteractive-tabindex": "off",
			"jsx-a11y/label-has-associated-control": ["error", { assert: "either", depth: 4 }],
			"max-lines": ["error", 600],
		},
	},
	{ files: ["eslint.config.js"], ...ts.configs.disableTypeChecked },
);
