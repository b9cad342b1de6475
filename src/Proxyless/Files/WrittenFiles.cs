namespace Proxyless.Files;

/// <summary>The files by which a folder is recognized as written by the program.</summary>
internal static class WrittenFiles
{
    /// <summary>The options of a run.</summary>
    public const string RunConfig = "config.yaml";

    /// <summary>The step counts of a run.</summary>
    public const string RunPlan = "plan.json";

    /// <summary>Who works in a folder.</summary>
    public const string Holder = ".lock.json";

    /// <summary>The plan of a comparison.</summary>
    public const string ComparisonPlan = "comparison.json";
}
