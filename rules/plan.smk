# The plan: every block of the campaign, with the labels that the tables carry.


rule plan:
    output:
        plan="results/tables/plan.csv",
    log:
        "results/logs/plan.log",
    conda:
        "../envs/vcperf.yaml"
    params:
        digest=CAMPAIGN.digest,
        testbed=CAMPAIGN.host.testbed,
        cpus=list(CAMPAIGN.host.cpus),
    message:
        "Writing the plan of the campaign"
    script:
        "../scripts/write_plan.py"
