"""The shapes of Stripe's objects, as its own published fixtures have them: the names of their fields by kind. ``null`` are
those that are empty in the fixture and may hold anything."""

# object → kind → names of its fields, with blanks between
SHAPES: dict[str, dict[str, str]] = {
    "checkout.session": {
        "text": "cancel_url id mode object payment_intent payment_status status success_url url",
        "number": "created expires_at",
        "flag": "livemode",
        "object": (
            "adaptive_pricing after_expiration automatic_tax collected_information consent consent_collection "
            "currency_conversion custom_text customer_details invoice_creation managed_payments metadata "
            "payment_method_configuration_details payment_method_options permissions phone_number_collection "
            "saved_payment_method_options shipping_address_collection shipping_cost total_details wallet_options"
        ),
        "list": "custom_fields payment_method_types shipping_options",
        "null": (
            "allow_promotion_codes amount_subtotal amount_total billing_address_collection client_reference_id "
            "client_secret currency customer customer_account customer_creation customer_email discounts "
            "integration_identifier invoice locale origin_context payment_link payment_method_collection "
            "recovered_from setup_intent submit_type subscription ui_mode"
        ),
    },
    "payment_intent": {
        "text": "capture_method client_secret confirmation_method currency id object status",
        "number": "amount amount_capturable amount_received canceled_at created",
        "flag": "livemode",
        "object": (
            "amount_details automatic_payment_methods last_payment_error managed_payments metadata next_action "
            "payment_method_configuration_details payment_method_options processing shipping transfer_data"
        ),
        "list": "payment_method_types",
        "null": (
            "application application_fee_amount cancellation_reason customer customer_account description "
            "excluded_payment_method_types latest_charge on_behalf_of payment_method receipt_email review "
            "setup_future_usage source statement_descriptor statement_descriptor_suffix transfer_group"
        ),
    },
    "charge": {
        "text": "balance_transaction currency description id object payment_method receipt_url status",
        "number": "amount amount_captured amount_refunded created",
        "flag": "captured disputed livemode paid refunded",
        "object": (
            "billing_details fraud_details metadata outcome payment_method_details refunds shipping source "
            "transfer_data"
        ),
        "null": (
            "application application_fee application_fee_amount calculated_statement_descriptor customer "
            "failure_balance_transaction failure_code failure_message on_behalf_of payment_intent receipt_email "
            "receipt_number review source_transfer statement_descriptor statement_descriptor_suffix "
            "transfer_group"
        ),
    },
    "refund": {
        "text": "charge currency id object status",
        "number": "amount created",
        "object": "destination_details metadata",
        "null": (
            "balance_transaction customer customer_account payment_intent payment_method reason receipt_number "
            "source_transfer_reversal transfer_reversal"
        ),
    },
    "dispute": {
        "text": "charge currency id object reason status",
        "number": "amount created",
        "flag": "is_charge_refundable livemode",
        "object": "evidence evidence_details metadata payment_method_details",
        "list": "balance_transactions enhanced_eligibility_types",
        "null": "payment_intent",
    },
    "balance_transaction": {
        "text": "balance_type currency description id object reporting_category source status type",
        "number": "amount available_on created fee net",
        "list": "fee_details",
        "null": "exchange_rate",
    },
    "payout": {
        "text": (
            "balance_transaction currency description destination id method object reconciliation_status "
            "source_type status type"
        ),
        "number": "amount arrival_date created",
        "flag": "automatic livemode",
        "object": "metadata trace_id",
        "null": (
            "application_fee application_fee_amount failure_balance_transaction failure_code failure_message "
            "original_payout payout_method reversed_by statement_descriptor"
        ),
    },
    "event": {
        "text": "id object type",
        "number": "created pending_webhooks",
        "flag": "livemode",
        "object": "data request",
        "null": "api_version",
    },
    "payment_method": {
        "text": "allow_redisplay id object type",
        "number": "created",
        "flag": "livemode",
        "object": "billing_details card metadata",
        "null": "customer customer_account",
    },
    "setup_intent": {
        "text": "client_secret id object status usage",
        "number": "created",
        "flag": "livemode",
        "object": (
            "automatic_payment_methods last_setup_error metadata next_action payment_method_configuration_details "
            "payment_method_options"
        ),
        "list": "payment_method_types",
        "null": (
            "application cancellation_reason customer description excluded_payment_method_types flow_directions "
            "latest_attempt mandate on_behalf_of payment_method single_use_mandate"
        ),
    },
    "account": {
        "text": "country default_currency email id object type",
        "number": "created",
        "flag": "charges_enabled details_submitted payouts_enabled",
        "object": (
            "business_profile capabilities controller external_accounts future_requirements metadata requirements "
            "settings tos_acceptance"
        ),
        "null": "business_type",
    },
    "webhook_endpoint": {
        "text": "description id object status url",
        "number": "created",
        "flag": "livemode",
        "object": "metadata",
        "list": "enabled_events",
        "null": "api_version application",
    },
    "file": {
        "text": "filename id object purpose type url",
        "number": "created expires_at size",
        "object": "links",
        "null": "title",
    },
}  # fmt: skip
