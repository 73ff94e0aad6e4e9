# The plan: every block of the campaign, with the labels that the tables carry.


rule plan:
    input:
        # What else decides a plan is in its digest.
        modules=imported_modules.modules("vcperf/tables/plan.py"),
    output:
        plan="results/tables/plan.csv",
    log:
        "results/logs/plan.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        digest=CAMPAIGN.digest,
        testbeds=[host.testbed for host in CAMPAIGN.hosts],
        cpus=list(CAMPAIGN.hosts[0].cpus),
    message:
        "Writing the plan of the campaign"
    script:
        "../scripts/write_plan.py"
