namespace Proxyless.Files;

/// <summary>The names by which a folder is known to be of the program's making.</summary>
internal static class WrittenFiles
{
    /// <summary>The options of a run.</summary>
    public const string RunConfig = "config.yaml";

    /// <summary>The numbers of steps of a run.</summary>
    public const string RunPlan = "plan.json";

    /// <summary>The plan of a comparison.</summary>
    public const string ComparisonPlan = "comparison.json";
}
