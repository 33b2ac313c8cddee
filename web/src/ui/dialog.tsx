/*
 * What asks before it goes on. Apart from the other pieces, so that it is loaded with the pages
 * that ask. The focus stays inside and returns to where it was; Escape closes.
 */
import * as RDialog from "@radix-ui/react-dialog";
import { useRef, type ReactNode } from "react";
import { common } from "../i18n/common";
import { useT } from "../i18n";
import { Button, FormError, Icon } from ".";
import css from "./ui.module.css";

export function Dialog({
	open,
	onClose,
	title,
	description,
	children,
	foot,
}: {
	open: boolean;
	onClose: () => void;
	title: string;
	description?: string;
	children?: ReactNode;
	foot?: ReactNode;
}) {
	const t = useT(common);
	const opener = useRef<Element | null>(null);
	const body = useRef<HTMLDivElement>(null);
	return (
		<RDialog.Root
			open={open}
			onOpenChange={(to) => {
				if (!to) onClose();
			}}
		>
			<RDialog.Portal>
				<div className={css.backdrop} />
				<RDialog.Content
					className={css.dialog}
					onOpenAutoFocus={(e) => {
						opener.current = document.activeElement;
						/* What is to be filled in comes before the button that closes. */
						const field = body.current?.querySelector<HTMLElement>("input, select, textarea");
						if (field == null) return;
						e.preventDefault();
						field.focus();
					}}
					onCloseAutoFocus={(e) => {
						/* What opened it is not known to the primitive, which would leave the focus nowhere. */
						e.preventDefault();
						if (opener.current instanceof HTMLElement) opener.current.focus();
					}}
					{...(description === undefined ? { "aria-describedby": undefined } : {})}
				>
					<div className={css.dialogHead}>
						<RDialog.Title asChild>
							<h2>{title}</h2>
						</RDialog.Title>
						<Button kind="quiet" iconOnly onClick={onClose} aria-label={t("close")}>
							<Icon name="cross" />
						</Button>
					</div>
					{description !== undefined && (
						<RDialog.Description className={css.muted}>{description}</RDialog.Description>
					)}
					<div ref={body}>{children}</div>
					{foot !== undefined && <div className={css.dialogFoot}>{foot}</div>}
				</RDialog.Content>
			</RDialog.Portal>
		</RDialog.Root>
	);
}

export function Confirm({
	open,
	onClose,
	onConfirm,
	title,
	text,
	action,
	busy,
	error,
	danger = true,
}: {
	open: boolean;
	onClose: () => void;
	onConfirm: () => void;
	title: string;
	text: string;
	action: string;
	busy: boolean;
	error: unknown;
	danger?: boolean;
}) {
	const t = useT(common);
	return (
		<Dialog
			open={open}
			onClose={onClose}
			title={title}
			description={text}
			foot={
				<>
					<Button onClick={onClose}>{t("cancel")}</Button>
					<Button kind={danger ? "danger" : "primary"} onClick={onConfirm} disabled={busy}>
						{action}
					</Button>
				</>
			}
		>
			<FormError error={error} />
		</Dialog>
	);
}
