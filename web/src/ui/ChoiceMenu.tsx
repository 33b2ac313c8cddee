/*
 * A menu of things to choose or do. It is loaded when somebody first reaches for it: until then
 * its button alone is there, which opens it with the same click or key.
 */
import { lazy, Suspense, useState, type ReactNode } from "react";
import { Button } from ".";

const Impl = lazy(() => import("./ChoiceMenuImpl"));

export interface Choice {
	value: string;
	name: string;
	note?: string;
	lang?: string;
}

export interface ChoiceMenuProps {
	label: string;
	title?: string;
	heading?: string;
	trigger: ReactNode;
	choices: Choice[];
	/** The one that is chosen; null: these are things to do. */
	value: string | null;
	onChoose: (value: string) => void;
	align: "start" | "end";
	className?: string | undefined;
	quiet?: boolean;
	iconOnly?: boolean;
}

export function ChoiceMenu(props: ChoiceMenuProps) {
	const [wanted, setWanted] = useState(false);
	const button = (
		<Button
			kind={props.quiet === true ? "quiet" : "plain"}
			iconOnly={props.iconOnly === true}
			className={props.className}
			aria-label={props.label}
			title={props.title}
			aria-haspopup="menu"
			aria-expanded={false}
			onPointerEnter={() => void import("./ChoiceMenuImpl")}
			onClick={() => setWanted(true)}
			onKeyDown={(e) => {
				if (e.key === "ArrowDown") setWanted(true);
			}}
		>
			{props.trigger}
		</Button>
	);
	return wanted ? (
		<Suspense fallback={button}>
			<Impl {...props} />
		</Suspense>
	) : (
		button
	);
}
