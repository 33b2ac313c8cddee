import * as Menu from "@radix-ui/react-dropdown-menu";
import { Button, cx } from ".";
import type { Choice, ChoiceMenuProps } from "./ChoiceMenu";
import css from "./ui.module.css";

function Name({ choice }: { choice: Choice }) {
	return (
		<span lang={choice.lang}>
			{choice.name}
			{choice.note !== undefined && (
				<>
					<br />
					<span className={cx(css.muted, css.small)}>{choice.note}</span>
				</>
			)}
		</span>
	);
}

/* Not modal: the page behind stays as it is, and nothing has to be written into its styles. */
export default function ChoiceMenuImpl(props: ChoiceMenuProps) {
	const item = css.menuItem ?? "";
	return (
		<Menu.Root modal={false} defaultOpen>
			<Menu.Trigger asChild>
				<Button
					kind={props.quiet === true ? "quiet" : "plain"}
					iconOnly={props.iconOnly === true}
					className={props.className}
					aria-label={props.label}
					title={props.title}
				>
					{props.trigger}
				</Button>
			</Menu.Trigger>
			<Menu.Portal>
				<Menu.Content className={css.menu} align={props.align} sideOffset={4}>
					{props.heading !== undefined && (
						<Menu.Label className={css.menuLabel}>{props.heading}</Menu.Label>
					)}
					{props.value === null ? (
						props.choices.map((c) => (
							<Menu.Item
								key={c.value}
								className={item}
								onSelect={() => props.onChoose(c.value)}
							>
								<Name choice={c} />
							</Menu.Item>
						))
					) : (
						<Menu.RadioGroup value={props.value} onValueChange={props.onChoose}>
							{props.choices.map((c) => (
								<Menu.RadioItem key={c.value} className={item} value={c.value}>
									<Name choice={c} />
								</Menu.RadioItem>
							))}
						</Menu.RadioGroup>
					)}
				</Menu.Content>
			</Menu.Portal>
		</Menu.Root>
	);
}
