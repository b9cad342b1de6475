using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Proxyless;

/// <summary>Writes options as YAML under the names of the command line, so that <c>--config</c> reads them back.</summary>
public static class RunConfigFile
{
    /// <summary>Writes <c>config.yaml</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The options; what is null is left out.</param>
    public static void Write(string path, RunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ISerializer serializer = new SerializerBuilder()
            .WithNamingConvention(HyphenatedNamingConvention.Instance)
            .WithEnumNamingConvention(HyphenatedNamingConvention.Instance)
            .WithTypeConverter(new TimeConverter())
            .WithAttributeOverride<RunOptions>(run => run.LatencyMs!, new YamlMemberAttribute { Alias = "latency", ApplyNamingConventions = false })
            .WithAttributeOverride<RunOptions>(run => run.Resume, new YamlIgnoreAttribute())
            .WithAttributeOverride<RunOptions>(run => run.Overwrite, new YamlIgnoreAttribute())
            .ConfigureDefaultValuesHandling(DefaultValuesHandling.OmitNull)
            .Build();
        AtomicFile.WriteAllText(path, serializer.Serialize(options));
    }

    private sealed class TimeConverter : IYamlTypeConverter
    {
        public bool Accepts(Type type) => type == typeof(TimeSpan) || type == typeof(TimeSpan?);

        public object? ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer) => throw new NotSupportedException();

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer)
        {
            string text = value is TimeSpan time ? $"{time.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s" : "";
            emitter.Emit(new Scalar(text));
        }
    }
}
