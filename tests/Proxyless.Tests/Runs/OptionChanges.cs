using Proxyless.Runs;

namespace Proxyless.Tests.Runs;

/// <summary>Options that differ from others in one of their parts.</summary>
internal static class OptionChanges
{
    public static RunOptions WithData(this RunOptions options, Func<DataOptions, DataOptions> change) =>
        options with
        {
            Data = change(options.Data),
        };

    public static RunOptions WithTarget(this RunOptions options, Func<TargetOptions, TargetOptions> change) =>
        options with
        {
            Target = change(options.Target),
        };

    public static RunOptions WithSearch(this RunOptions options, Func<SearchOptions, SearchOptions> change) =>
        options with
        {
            Search = change(options.Search),
        };

    public static RunOptions WithTraining(this RunOptions options, Func<TrainingOptions, TrainingOptions> change) =>
        options with
        {
            Training = change(options.Training),
        };
}
