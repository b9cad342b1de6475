using System.Reflection;
using System.Text;

namespace Proxyless.Runs;

/// <summary>A property of <see cref="RunOptions"/> or of one of its parts, with its name in the flat list.</summary>
/// <param name="Key">Its key in <c>config.yaml</c>, such as <c>train-epochs</c>.</param>
/// <param name="Part">The part that holds it; null: the options themselves.</param>
/// <param name="Property">The property.</param>
/// <param name="Range">The numbers that it accepts; null if it is not a number.</param>
internal sealed record RunSetting(string Key, PropertyInfo? Part, PropertyInfo Property, NumberRange? Range)
{
    /// <summary>The name in messages: <c>TrainingOptions.Epochs</c>.</summary>
    public string Name => $"{Property.DeclaringType!.Name}.{Property.Name}";

    /// <summary>Returns the value.</summary>
    public object? Get(object options) => Property.GetValue(Owner(options));

    /// <summary>Sets the value in options that are being read and are not shared yet.</summary>
    public void Set(object options, object? value) => Property.SetValue(Owner(options), value);

    private object Owner(object options) => Part is null ? options : Part.GetValue(options)!;
}

/// <summary>
/// All settings of a run in one flat list: the keys of <c>config.yaml</c> and, after two hyphens, the options of the
/// command line.
/// </summary>
internal static class RunSettings
{
    // The flat list needs longer names: in code the part says the rest.
    private static readonly Dictionary<string, string> OwnKeys = new()
    {
        [$"{nameof(DataOptions)}.{nameof(DataOptions.Path)}"] = "data",
        [$"{nameof(TargetOptions)}.{nameof(TargetOptions.Name)}"] = "target",
        [$"{nameof(TargetOptions)}.{nameof(TargetOptions.LatencyMs)}"] = "latency",
        [$"{nameof(SearchOptions)}.{nameof(SearchOptions.Epochs)}"] = "search-epochs",
        [$"{nameof(SearchOptions)}.{nameof(SearchOptions.LearningRate)}"] = "search-learning-rate",
        [$"{nameof(TrainingOptions)}.{nameof(TrainingOptions.Epochs)}"] = "train-epochs",
        [$"{nameof(TrainingOptions)}.{nameof(TrainingOptions.OnAll)}"] = "train-on-all",
        [$"{nameof(RunOptions)}.{nameof(RunOptions.TensorBoard)}"] = "tensorboard",
    };

    /// <summary>Every setting, in the order of <c>config.yaml</c>.</summary>
    public static IReadOnlyList<RunSetting> All { get; } =
    [
        .. Of(nameof(RunOptions.Data), DataOptions.Ranges),
        .. Of(nameof(RunOptions.Target), TargetOptions.Ranges),
        .. Of(nameof(RunOptions.Search), SearchOptions.Ranges),
        .. Of(nameof(RunOptions.Training), TrainingOptions.Ranges),
        .. SettingsOf(part: null, typeof(RunOptions), RunOptions.Ranges).Where(setting => !IsPart(setting.Property)),
    ];

    /// <summary>Returns the setting of a key.</summary>
    public static RunSetting Of(string key) => All.Single(setting => setting.Key == key);

    private static bool IsPart(PropertyInfo property) =>
        property.Name
            is nameof(RunOptions.Data)
                or nameof(RunOptions.Target)
                or nameof(RunOptions.Search)
                or nameof(RunOptions.Training);

    private static IEnumerable<RunSetting> Of(string part, IReadOnlyDictionary<string, NumberRange> ranges)
    {
        PropertyInfo property = typeof(RunOptions).GetProperty(part)!;
        return SettingsOf(property, property.PropertyType, ranges);
    }

    private static IEnumerable<RunSetting> SettingsOf(
        PropertyInfo? part,
        Type type,
        IReadOnlyDictionary<string, NumberRange> ranges
    ) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => new RunSetting(
                OwnKeys.GetValueOrDefault($"{type.Name}.{property.Name}") ?? Hyphenated(property.Name),
                part,
                property,
                ranges.GetValueOrDefault(property.Name)
            ));

    private static string Hyphenated(string name)
    {
        var key = new StringBuilder();
        foreach (char letter in name)
        {
            if (char.IsUpper(letter) && key.Length > 0)
            {
                key.Append('-');
            }

            key.Append(char.ToLowerInvariant(letter));
        }

        return key.ToString();
    }
}
